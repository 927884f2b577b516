const forNode = (config) => ({ ...config, platform: 'node', format: 'esm' })

export default [
  { name: '@limpet/core', path: 'packages/core/dist/index.js', limit: '38 kB', modifyEsbuildConfig: forNode },
  {
    name: '@limpet/core/dns',
    path: 'packages/core/dist/discovery/dns/index.js',
    limit: '20 kB',
    modifyEsbuildConfig: forNode,
  },
  {
    name: '@limpet/core/kubernetes',
    path: 'packages/core/dist/service/index.js',
    limit: '30 kB',
    modifyEsbuildConfig: forNode,
  },
  {
    name: '@limpet/core/health',
    path: 'packages/core/dist/health/index.js',
    limit: '6 kB',
    modifyEsbuildConfig: forNode,
  },
  {
    name: '@limpet/core/file',
    path: 'packages/core/dist/file.js',
    limit: '8 kB',
    modifyEsbuildConfig: forNode,
  },
  {
    name: '@limpet/core/snapshot-file',
    path: 'packages/core/dist/snapshot-file.js',
    limit: '2 kB',
    modifyEsbuildConfig: forNode,
  },
  {
    name: '@limpet/core/parity',
    path: 'packages/core/dist/parity/index.js',
    limit: '40 kB',
    modifyEsbuildConfig: forNode,
  },
  {
    name: '@limpet/core/redis',
    path: 'packages/core/dist/table/redis/index.js',
    limit: '16 kB',
    modifyEsbuildConfig: forNode,
  },
  {
    name: '@limpet/core/simulate',
    path: 'packages/core/dist/simulate/index.js',
    limit: '13 kB',
    modifyEsbuildConfig: forNode,
  },
  {
    name: '@limpet/adapters-node',
    path: 'packages/adapters-node/dist/index.js',
    limit: '26 kB',
    modifyEsbuildConfig: forNode,
  },
  {
    name: '@limpet/adapters-express',
    path: 'packages/adapters-express/dist/index.js',
    limit: '28 kB',
    modifyEsbuildConfig: forNode,
  },
]
