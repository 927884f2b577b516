import type { Endpoint } from '../endpoint/endpoint.ts'
import type { EndpointSet } from '../endpoint/endpoint-set.ts'
import { finish, murmur3 } from '../hash/murmur3.ts'
import type { Balancer, PickContext } from './balancer.ts'
import { random } from './random.ts'

/** Arbitrary, different, and the same in every process for ever: replicas must agree. */
const KEY_SEED = 0x4c696d70
const IDENTITY_SEED = 0x65740000

/**
 * Weighted rendezvous hashing: the endpoint with the highest score `-weight / ln(u)` takes the key, where `u` in (0, 1)
 * is drawn by hashing key and identity (Thaler and Ravishankar 1998; weights: Schindelhauer and Schomaker 2005). The choice depends on the key and the set of
 * (identity, weight) alone: replicas agree, and a changed set moves only the keys it must. Costs a few nanoseconds for
 * each endpoint, so it suits pools of up to some hundred. A request without a key is balanced at random by weight.
 *
 * The mapping is not frozen: a later version may place unbound keys otherwise.
 *
 * @public
 */
export function rendezvous(): Balancer {
  return new Rendezvous()
}

class Rendezvous implements Balancer {
  readonly name = 'rendezvous'
  readonly #keyless = random()
  #set: EndpointSet | undefined
  /** One hash for each placeable endpoint of `#set`. */
  #hashes = new Uint32Array(0)
  #isWeighted = false

  pick(set: EndpointSet, context: PickContext): Endpoint | undefined {
    if (context.key === undefined) return this.#keyless.pick(set, context)
    if (set !== this.#set) this.#prepare(set)
    const keyHash = murmur3(context.key, KEY_SEED)
    return this.#isWeighted
      ? this.#pickByScore(set, keyHash, context)
      : this.#pickByHash(set, keyHash, context)
  }

  #prepare(set: EndpointSet): void {
    this.#set = set
    this.#hashes = Uint32Array.from(set.placeable, ({ identity }) => murmur3(identity, IDENTITY_SEED))
    this.#isWeighted = set.weights.some((weight) => weight !== set.weights[0])
  }

  /** With equal weights the highest `u` has the highest score, so no logarithm is needed. */
  #pickByHash({ placeable }: EndpointSet, keyHash: number, context: PickContext): Endpoint | undefined {
    let best: Endpoint | undefined
    let bestDraw = -1
    for (let i = 0; i < placeable.length; i++) {
      const endpoint = placeable[i] as Endpoint
      const drawn = draw(keyHash, this.#hashes[i] as number)
      if (drawn < bestDraw || context.skips(endpoint)) continue
      if (drawn === bestDraw && best && best.identity < endpoint.identity) continue
      best = endpoint
      bestDraw = drawn
    }
    return best
  }

  #pickByScore(
    { placeable, weights }: EndpointSet,
    keyHash: number,
    context: PickContext,
  ): Endpoint | undefined {
    let best: Endpoint | undefined
    let bestScore = -1
    for (let i = 0; i < placeable.length; i++) {
      const endpoint = placeable[i] as Endpoint
      const u = (draw(keyHash, this.#hashes[i] as number) + 0.5) / 2 ** 32
      const score = -(weights[i] as number) / Math.log(u)
      if (score < bestScore || context.skips(endpoint)) continue
      if (score === bestScore && best && best.identity < endpoint.identity) continue
      best = endpoint
      bestScore = score
    }
    return best
  }
}

/** 32 bits that depend on both hashes; the odd factor keeps the pair from cancelling out when both are equal. */
function draw(keyHash: number, identityHash: number): number {
  return finish(Math.imul(keyHash, 0x9e3779b1) ^ identityHash)
}
