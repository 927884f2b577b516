export {
  type CompareOptions,
  type Comparison,
  compareWithProxy,
  type Disagreement,
} from './compare-with-proxy.ts'
export type { ParityEndpointOptions, PoolScheme } from './parity-endpoint-hash.ts'
export { parityKey, parityPlacement, parityTable } from './parity-pool.ts'
export type { ParityScheme, ParityServer } from './parity-scheme.ts'
export type { ProxyAnswer, ProxyRequest } from './proxy-asker.ts'
