import type { EndpointInit, Identity } from '../../endpoint/endpoint.ts'

/** Names that make endpoints. Each watch has sources of its own. */
export interface EndpointSource {
  /** True once every name had a first answer. */
  readonly isKnown: boolean
  /** What is known now. */
  endpoints(): FoundEndpoint[]
  /** Keeps it up to date until the signal aborts; then resolves, with nothing left under way. */
  refresh(signal: AbortSignal): Promise<void>
}

/** What every endpoint of a discovery has. */
export interface EndpointDefaults {
  readonly protocol: 'http:' | 'https:'
  readonly weight: number
}

/** An endpoint, and how sure that is. */
export interface FoundEndpoint {
  readonly init: EndpointInit & { readonly identity: Identity; readonly host: string; readonly port: number }
  /** False where it stands only because of an outage or the window before an absence is believed. */
  readonly isFresh: boolean
}

/** The identity of an endpoint that is known by its address alone, as core writes it. */
export function addressIdentity(host: string, port: number): Identity {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/**
 * One list of what several sources found: an identity stands once, the first of its kind. By name, an endpoint that is no
 * longer sure gives way to a sure one at its address: the address was given to another pod, and must not bring that pod
 * the keys of the one before (HAProxy's slots do just that).
 */
export function mergedEndpoints(found: readonly FoundEndpoint[]): EndpointInit[] {
  const sure = new Set(found.flatMap(({ init, isFresh }) => (isFresh ? [placeOf(init)] : [])))
  const byIdentity = new Map<Identity, EndpointInit>()
  for (const { init, isFresh } of found) {
    if (!isFresh && sure.has(placeOf(init))) continue
    if (!byIdentity.has(init.identity)) byIdentity.set(init.identity, init)
  }
  return [...byIdentity.values()]
}

function placeOf({ host, port }: FoundEndpoint['init']): string {
  return addressIdentity(host, port)
}
