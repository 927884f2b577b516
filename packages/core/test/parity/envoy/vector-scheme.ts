import { type EnvoyHost, envoyMaglev, envoyRingHash, type ParityScheme } from '../../../src/parity/index.ts'
import type { VectorFile } from '../vector-file.ts'

export type EnvoyHash = ParityScheme<EnvoyHost>

/** The scheme that a vector file was made under; keys are those of the header `x-session`. */
export function envoySchemeOf({ scheme, servers, options }: VectorFile): EnvoyHash {
  const hosts = servers.map(({ hashKey, weight }) => ({ hashKey: hashKey as string, weight }))
  const given = { ...options, hosts, hashPolicy: [{ header: 'X-Session' }] }
  return scheme === 'envoy-ring' ? envoyRingHash(given) : envoyMaglev(given)
}
