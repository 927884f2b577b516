import type { Endpoint } from '../endpoint/endpoint.ts'
import type { EndpointSet } from '../endpoint/endpoint-set.ts'
import type { PickContext } from './balancer.ts'

/** How much an endpoint has to bear for its weight; the least is chosen. */
export type Load = (endpoint: Endpoint, weight: number, context: PickContext) => number

/**
 * The endpoint with the least load. The walk starts anywhere, so that equal loads do not all go to the first: several
 * replicas would otherwise fill it at once.
 */
export function leastOf(
  { placeable, weights }: EndpointSet,
  context: PickContext,
  load: Load,
): Endpoint | undefined {
  const count = placeable.length
  const start = count < 2 ? 0 : Math.floor(context.random() * count)
  let least: Endpoint | undefined
  let leastLoad = Number.POSITIVE_INFINITY
  for (let step = 0; step < count; step++) {
    const index = start + step < count ? start + step : start + step - count
    const endpoint = placeable[index] as Endpoint
    if (context.skips(endpoint)) continue
    const own = load(endpoint, weights[index] as number, context)
    if (own >= leastLoad) continue
    least = endpoint
    leastLoad = own
  }
  return least
}

/** As `leastOf`, of endpoints drawn at random: for pools where a look at each would take too long. */
export function leastOfDrawn(
  set: EndpointSet,
  context: PickContext,
  load: Load,
  draws: number,
): Endpoint | undefined {
  const { placeable, weights } = set
  let least: Endpoint | undefined
  let leastLoad = Number.POSITIVE_INFINITY
  for (let draw = 0; draw < draws; draw++) {
    const index = Math.floor(context.random() * placeable.length)
    const endpoint = placeable[index] as Endpoint
    if (context.skips(endpoint)) continue
    const own = load(endpoint, weights[index] as number, context)
    if (own >= leastLoad) continue
    least = endpoint
    leastLoad = own
  }
  return least ?? leastOf(set, context, load)
}

/** Draws before the endpoints are scanned instead: enough that a few skipped ones cost no scan. */
const MOST_DRAWS = 4

/** Of two different endpoints drawn at random, every pair as likely, the one with the lesser load. */
export function leastOfTwo(set: EndpointSet, context: PickContext, load: Load): Endpoint | undefined {
  const { placeable, weights } = set
  for (let draws = 0; draws < MOST_DRAWS; draws++) {
    const first = Math.floor(context.random() * placeable.length)
    // Drawn from one fewer and shifted past the first, so that the two differ and every pair is as likely.
    const shifted = Math.floor(context.random() * (placeable.length - 1))
    const second = shifted < first ? shifted : shifted + 1
    const one = placeable[first] as Endpoint
    const other = placeable[second] as Endpoint
    if (context.skips(one) || context.skips(other)) continue
    const isOtherLess =
      load(other, weights[second] as number, context) < load(one, weights[first] as number, context)
    return isOtherLess ? other : one
  }
  return leastOf(set, context, load)
}
