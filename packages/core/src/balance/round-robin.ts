import type { Endpoint, Identity } from '../endpoint/endpoint.ts'
import type { EndpointSet } from '../endpoint/endpoint-set.ts'
import type { Balancer, PickContext } from './balancer.ts'

/**
 * Endpoints in turn, each as often as its weight says and spread evenly over the cycle: smooth weighted round robin as
 * nginx does it (ngx_http_upstream_round_robin, since 1.3.1). Weights 5, 1, 1 give a a b a c a a. Turns of endpoints that
 * stay are kept over updates. Costs a step for each endpoint.
 *
 * @public
 */
export function roundRobin(): Balancer {
  return new RoundRobin()
}

class RoundRobin implements Balancer {
  readonly name = 'round robin'
  #set: EndpointSet | undefined
  /** What each placeable endpoint of `#set` has saved up; the richest is next and pays for its turn. */
  #credit = new Float64Array(0)

  pick(set: EndpointSet, context: PickContext): Endpoint | undefined {
    if (set !== this.#set) this.#prepare(set)
    const { placeable, weights } = set
    let richest = -1
    let total = 0
    for (let i = 0; i < placeable.length; i++) {
      const endpoint = placeable[i] as Endpoint
      if (context.skips(endpoint)) continue
      const weight = weights[i] as number
      const credit = (this.#credit[i] as number) + weight
      this.#credit[i] = credit
      total += weight
      if (richest < 0 || credit > (this.#credit[richest] as number)) richest = i
    }
    if (richest < 0) return undefined
    this.#credit[richest] = (this.#credit[richest] as number) - total
    return placeable[richest]
  }

  #prepare(set: EndpointSet): void {
    const kept = new Map<Identity, number>()
    for (const [i, { identity }] of (this.#set?.placeable ?? []).entries())
      kept.set(identity, this.#credit[i] as number)
    this.#set = set
    this.#credit = Float64Array.from(set.placeable, ({ identity }) => kept.get(identity) ?? 0)
  }
}
