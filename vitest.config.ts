import { defineConfig } from 'vitest/config'

const conditions = ['@limpet/source', 'node', 'import', 'default']
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
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**'],
      exclude: ['packages/*/src/**/index.ts'],
    },
  },
})
