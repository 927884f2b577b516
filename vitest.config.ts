import { defineConfig } from 'vitest/config'

// Not 'import': vitest hands these to node too, and CommonJS packages would then be given ES modules by require().
const conditions = ['@limpet/source', 'node', 'default']
const project = (name: string, root: string, exclude: string[] = []) => ({
  extends: true as const,
  test: { name, root, include: ['test/**/*.test.ts'], exclude },
})
/** Suites with processes of their own, under load and against the clock: after all others, one file at a time. */
const HARD = ['test/attacks/**', 'test/faults/**', 'test/soak/**']
/** Worlds of several processes that run against the clock. */
const PROOF = ['test/proof/*.test.ts']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    // Far above what tests take, for machines that are busy with other work: a test that hangs fails all the same.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    projects: [
      project('core', 'packages/core', PROOF),
      project('adapters-node', 'packages/adapters-node', HARD),
      project('adapters-express', 'packages/adapters-express'),
      project('quickstart', 'examples/quickstart'),
      project('example-redis', 'examples/redis'),
      project('example-statefulset-dns', 'examples/statefulset-dns'),
      project('example-kubernetes', 'examples/kubernetes'),
      project('docs', 'docs'),
      project('workspace', '.'),
      {
        extends: true,
        test: {
          name: 'hardships',
          root: 'packages/adapters-node',
          include: HARD.map((folder) => `${folder}/*.test.ts`),
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'proof',
          root: 'packages/core',
          include: PROOF,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
