import type { Endpoint } from '../endpoint/endpoint.ts'
import type { EndpointSet } from '../endpoint/endpoint-set.ts'
import { integerOption, optionsObject } from '../option.ts'
import type { Balancer, PickContext } from './balancer.ts'

/** Options of {@link first}. @public */
export interface FirstOptions {
  /**
   * Requests of this replica that an endpoint has in flight before the next one is used, 1 to 1 000 000. Default: no
   * limit; then only a cap of bound keys (`createSticky.maxBoundPerEndpoint`) sends keys further.
   */
  readonly maxRequests?: number
}

/**
 * The first endpoint that has room, by name: `web-2` before `web-10`. Fills one pod after the other, so that those behind
 * may be scaled in, as HAProxy's `balance first`. If none has room, the first of all.
 *
 * @throws StickyError `invalid-option`
 * @public
 */
export function first(options: FirstOptions = {}): Balancer {
  optionsObject('first', options, ['maxRequests'])
  const { maxRequests } = options
  if (maxRequests !== undefined) integerOption('first.maxRequests', maxRequests, 1, 1_000_000)
  return new First(maxRequests ?? Number.POSITIVE_INFINITY)
}

/** Numbers within names by their value. One collator: making one costs more than a thousand comparisons. */
const byName = new Intl.Collator('en', { numeric: true })

class First implements Balancer {
  readonly name = 'first'
  readonly #maxRequests: number
  #set: EndpointSet | undefined
  #ordered: readonly Endpoint[] = []

  constructor(maxRequests: number) {
    this.#maxRequests = maxRequests
  }

  pick(set: EndpointSet, context: PickContext): Endpoint | undefined {
    if (set !== this.#set) this.#prepare(set)
    let fallback: Endpoint | undefined
    for (const endpoint of this.#ordered) {
      if (context.skips(endpoint)) continue
      if (context.inFlight(endpoint) < this.#maxRequests) return endpoint
      fallback ??= endpoint
    }
    return fallback
  }

  #prepare(set: EndpointSet): void {
    this.#set = set
    this.#ordered = set.placeable.toSorted((one, other) => byName.compare(one.identity, other.identity))
  }
}
