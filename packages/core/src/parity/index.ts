export {
  type CompareOptions,
  type Comparison,
  compareWithProxy,
  type Disagreement,
} from './compare-with-proxy.ts'
export type { EnvoyHost, EnvoyHostInit } from './envoy/envoy-host.ts'
export { type EnvoyMaglevOptions, envoyMaglev } from './envoy/envoy-maglev.ts'
export type { EnvoyHashOptions } from './envoy/envoy-options.ts'
export { type EnvoyRingHashOptions, envoyRingHash } from './envoy/envoy-ring-hash.ts'
export type { EnvoyHashPolicy } from './envoy/hash-policy.ts'
export type { HaproxyParseOptions } from './haproxy/config/parse-options.ts'
export { type HaproxyHash, haproxyHash } from './haproxy/haproxy-hash.ts'
export type {
  HaproxyHashKey,
  HaproxyHashOptions,
  HaproxyServer,
  HaproxyServerInit,
} from './haproxy/haproxy-options.ts'
export type { HaproxyHashFunction } from './haproxy/string-hash.ts'
export {
  type NginxHash,
  type NginxHashOptions,
  type NginxParseOptions,
  nginxHash,
} from './nginx/nginx-hash.ts'
export type { NginxMethod } from './nginx/nginx-scheme.ts'
export type { NginxServer, NginxServerOptions } from './nginx/nginx-server.ts'
export type { ParityEndpointOptions, PoolScheme } from './parity-endpoint-hash.ts'
export { parityKey, parityPlacement, parityTable } from './parity-pool.ts'
export type { ParityScheme, ParityServer } from './parity-scheme.ts'
export type { ProxyAnswer, ProxyRequest } from './proxy-asker.ts'
export { type ApisixChashOptions, type IngressNginxChashOptions, restyChash } from './resty/resty-chash.ts'
export type { ApisixHashOn } from './resty/resty-key.ts'
export type { RestyNode, RestyNodeOptions } from './resty/resty-node.ts'
