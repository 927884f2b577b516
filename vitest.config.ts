import { defineConfig } from 'vitest/config'

// Not 'import': vitest hands these to node too, and CommonJS packages would then be given ES modules by require().
const conditions = ['@limpet/source', 'node', 'default']
const project = (name: string, root: string) => ({
  extends: true as const,
  test: { name, root, include: ['test/**/*.test.ts'] },
})

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    projects: [
      project('core', 'packages/core'),
      project('adapters-node', 'packages/adapters-node'),
      project('adapters-express', 'packages/adapters-express'),
      project('quickstart', 'examples/quickstart'),
      project('docs', 'docs'),
      project('workspace', '.'),
    ],
  },
})
