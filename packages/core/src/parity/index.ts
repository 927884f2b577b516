export type { HaproxyParseOptions } from './haproxy/config/parse-options.ts'
export { type HaproxyHash, haproxyHash } from './haproxy/haproxy-hash.ts'
export type {
  HaproxyHashKey,
  HaproxyHashOptions,
  HaproxyServer,
  HaproxyServerInit,
} from './haproxy/haproxy-options.ts'
export type { HaproxyHashFunction } from './haproxy/string-hash.ts'
export type { ParityScheme, ParityServer } from './parity-scheme.ts'
