import type { Endpoint } from '../endpoint/endpoint.ts'
import type { EndpointSet } from '../endpoint/endpoint-set.ts'
import type { Balancer, PickContext } from './balancer.ts'

/**
 * Of two endpoints drawn at random, the one with fewer requests of this replica in flight for its weight: the power of
 * two choices (Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", 2001). Nearly as even as the least
 * loaded of all, without the herd that follows it. Equal loads go to the first drawn.
 *
 * @public
 */
export function leastRequests(): Balancer {
  return leastRequestsBalancer
}

/** Draws before the endpoints are scanned instead: enough that a few skipped ones cost no scan. */
const MOST_DRAWS = 4

const leastRequestsBalancer: Balancer = {
  name: 'least requests',
  pick({ placeable }: EndpointSet, context: PickContext): Endpoint | undefined {
    if (placeable.length < 2) return leastLoaded(placeable, context)
    for (let draws = 0; draws < MOST_DRAWS; draws++) {
      const first = Math.floor(context.random() * placeable.length)
      // Drawn from one fewer and shifted past the first, so that the two differ and every pair is as likely.
      const shifted = Math.floor(context.random() * (placeable.length - 1))
      const one = placeable[first] as Endpoint
      const other = placeable[shifted < first ? shifted : shifted + 1] as Endpoint
      if (context.skips(one) || context.skips(other)) continue
      return load(other, context) < load(one, context) ? other : one
    }
    return leastLoaded(placeable, context)
  },
}

function leastLoaded(placeable: readonly Endpoint[], context: PickContext): Endpoint | undefined {
  let least: Endpoint | undefined
  for (const endpoint of placeable) {
    if (context.skips(endpoint)) continue
    if (!least || load(endpoint, context) < load(least, context)) least = endpoint
  }
  return least
}

function load(endpoint: Endpoint, context: PickContext): number {
  return (context.inFlight(endpoint) + 1) / endpoint.weight
}
