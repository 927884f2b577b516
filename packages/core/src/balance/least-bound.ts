import type { Endpoint } from '../endpoint/endpoint.ts'
import type { EndpointSet } from '../endpoint/endpoint-set.ts'
import type { Balancer, PickContext } from './balancer.ts'
import { leastOf, leastOfDrawn } from './least.ts'

/**
 * The endpoint with the fewest keys bound to it for its weight, so that new keys fill what scaling out has added. Counts
 * every key of the table, idle ones too: right where a key costs memory on its pod, whether it is in use or not. Needs
 * a table that counts (`EndpointCounts`); exact with `memoryTable()`. Looks at every endpoint of up to 128, beyond that at 128
 * drawn at random, so that a new key costs microseconds among thousands; equal counts are chosen among at random.
 *
 * @public
 */
export function leastBound(): Balancer {
  return leastBoundBalancer
}

const load = (endpoint: Endpoint, weight: number, context: PickContext): number =>
  (context.bound(endpoint) + 1) / weight

const MOST_LOOKS = 128

const leastBoundBalancer: Balancer = {
  name: 'least bound',
  pick: (set: EndpointSet, context: PickContext) =>
    set.placeable.length <= MOST_LOOKS
      ? leastOf(set, context, load)
      : leastOfDrawn(set, context, load, MOST_LOOKS),
}
