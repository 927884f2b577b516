import type { Endpoint } from '../endpoint/endpoint.ts'
import type { Balancer, PickContext } from './balancer.ts'
import { leastOf, leastOfTwo } from './least.ts'

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

const load = (endpoint: Endpoint, weight: number, context: PickContext): number =>
  (context.inFlight(endpoint) + 1) / weight

const leastRequestsBalancer: Balancer = {
  name: 'least requests',
  pick: (set, context) => (set.placeable.length < 2 ? leastOf : leastOfTwo)(set, context, load),
}
