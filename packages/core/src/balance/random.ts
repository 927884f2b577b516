import type { Endpoint } from '../endpoint/endpoint.ts'
import type { EndpointSet } from '../endpoint/endpoint-set.ts'
import type { Balancer, PickContext } from './balancer.ts'

/**
 * Any endpoint, with a chance in proportion to its weight: with equal weights as kube-proxy chooses.
 *
 * @public
 */
export function random(): Balancer {
  return new Random()
}

class Random implements Balancer {
  readonly name = 'random'
  #set: EndpointSet | undefined
  /** Sum of the weights up to and with each placeable endpoint of `#set`. */
  #sums = new Float64Array(0)

  pick(set: EndpointSet, context: PickContext): Endpoint | undefined {
    if (set !== this.#set) this.#prepare(set)
    const { placeable } = set
    const total = this.#sums.at(-1) ?? 0
    const drawn = placeable[this.#indexOf(context.random() * total)]
    return drawn && context.skips(drawn) ? this.#pickAmongRest(set, context) : drawn
  }

  #prepare(set: EndpointSet): void {
    this.#set = set
    let sum = 0
    this.#sums = Float64Array.from(set.weights, (weight) => (sum += weight))
  }

  /** The first endpoint whose sum is above `point`. */
  #indexOf(point: number): number {
    let low = 0
    let high = this.#sums.length - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#sums[middle] as number) > point) high = middle
      else low = middle + 1
    }
    return low
  }

  /** One pass over the rest (reservoir sampling by weight), since retries alone have no bound. */
  #pickAmongRest({ placeable, weights }: EndpointSet, context: PickContext): Endpoint | undefined {
    let chosen: Endpoint | undefined
    let total = 0
    for (let i = 0; i < placeable.length; i++) {
      const endpoint = placeable[i] as Endpoint
      if (context.skips(endpoint)) continue
      const weight = weights[i] as number
      total += weight
      if (context.random() * total < weight) chosen = endpoint
    }
    return chosen
  }
}
