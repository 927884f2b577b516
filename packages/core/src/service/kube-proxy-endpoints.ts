import type { Clock } from '../clock.ts'
import type { Endpoint, EndpointInit, Identity } from '../endpoint/endpoint.ts'
import { addressOf } from '../endpoint/endpoint-init.ts'
import { type EndpointSet, endpointSet } from '../endpoint/endpoint-set.ts'

/** No binding outlives the longest timeout that a Service may have. */
const FORGOTTEN_AFTER_MS = 86_400_000

interface Departed {
  readonly incarnation: number
  readonly at: number
}

/**
 * The endpoints that kube-proxy would use: those that are ready, of those the ones that hints mean for here if
 * there are any, and only where none is ready, those that serve while they terminate. All
 * others are as if they were gone, and one that comes back is another endpoint, which no client is bound to. Source:
 * `CategorizeEndpoints` in `pkg/proxy/topology.go`; `pkg/proxy/nftables`, where the set that remembers the clients of an endpoint is deleted with it.
 */
export class KubeProxyEndpoints {
  readonly #clock: Clock
  readonly #zone: string | undefined
  /** Address → how many times it has come, where that is not the first. */
  readonly #present = new Map<string, number>()
  readonly #departed = new Map<string, Departed>()
  #set: EndpointSet | undefined

  /** `zone`: that of the endpoints which the hints of their slices mean for here; undefined = hints are not followed. */
  constructor(clock: Clock, zone?: string) {
    this.#clock = clock
    this.#zone = zone
  }

  /** What kube-proxy would make of `discovered`. */
  next(discovered: EndpointSet): EndpointSet {
    const usable = usableOf(discovered.endpoints, this.#zone)
    this.#depart(new Set(usable.map(addressOf)))
    this.#set = endpointSet(
      usable.map((endpoint) => this.#arrive(endpoint)),
      this.#set,
    )
    return this.#set
  }

  #depart(addresses: ReadonlySet<string>): void {
    const now = this.#clock.now()
    for (const [address, incarnation] of this.#present) {
      if (addresses.has(address)) continue
      this.#present.delete(address)
      this.#departed.set(address, { incarnation, at: now })
    }
    // In the order of departure.
    for (const [address, { at }] of this.#departed) {
      if (now - at < FORGOTTEN_AFTER_MS) break
      this.#departed.delete(address)
    }
  }

  #arrive(endpoint: Endpoint): EndpointInit {
    const address = addressOf(endpoint)
    const incarnation = this.#present.get(address) ?? (this.#departed.get(address)?.incarnation ?? 0) + 1
    this.#present.set(address, incarnation)
    this.#departed.delete(address)
    const { host, port, protocol, httpVersion, zone } = endpoint
    return {
      identity: identityOf(address, incarnation),
      host,
      port,
      protocol,
      httpVersion,
      ...(zone === undefined ? {} : { zone }),
    }
  }
}

function usableOf(endpoints: readonly Endpoint[], here: string | undefined): readonly Endpoint[] {
  const ready = endpoints.filter(({ conditions }) => conditions.ready)
  const near = here === undefined ? [] : ready.filter(({ zone }) => zone === here)
  if (near.length > 0) return near
  if (ready.length > 0) return ready
  return endpoints.filter(({ conditions: { serving, terminating } }) => serving && terminating)
}

function identityOf(address: string, incarnation: number): Identity {
  return incarnation === 1 ? address : `${address}#${incarnation}`
}
