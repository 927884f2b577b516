import { firstOf } from '../key/combined.ts'
import type { KeyReading, KeySource } from '../key/key-source.ts'
import type { RequestLike } from '../key/request-like.ts'
import type { CountsAsUse } from '../route/connection-bindings.ts'
import type { ServiceAffinity } from './service-affinity.ts'

/**
 * No header can hold a NUL: where addresses stand in one table with keys of another source, a client that sends an address as its key
 * does not get the binding of who has that address.
 */
const BESIDE_OTHERS = '\0ClientIP '

/** What the pool of a Service recognises requests by, and what counts as use of it. */
export interface AffinityKey {
  readonly key: KeySource
  readonly countsAsUse: CountsAsUse
}

/**
 * The client's address while the Service says ClientIP, no key otherwise; a use is then a downstream connection. Where there is another
 * source, its keys come first, and each request with one is a use.
 */
export function affinityKey(
  current: () => ServiceAffinity,
  address: KeySource,
  other: KeySource | undefined,
): AffinityKey {
  const prefix = other ? BESIDE_OTHERS : ''
  const byAddress: KeySource = {
    name: 'sessionAffinity ClientIP',
    headers: address.headers ?? [],
    read(request: RequestLike): KeyReading {
      if (current().kind === 'None') return undefined
      const reading = address.read(request)
      return typeof reading === 'string' ? prefix + reading : reading
    },
  }
  if (!other) return { key: byAddress, countsAsUse: 'connection' }
  return {
    key: firstOf(other, byAddress),
    countsAsUse: (request) => (other.read(request) === undefined ? 'connection' : 'request'),
  }
}
