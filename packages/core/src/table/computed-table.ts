import type { Availability } from '../endpoint/availability.ts'
import type { Endpoint, Identity } from '../endpoint/endpoint.ts'
import type { EndpointSet } from '../endpoint/endpoint-set.ts'
import { StickyError } from '../error.ts'
import type { EndpointHash, EndpointLimits, EndpointMapping } from '../hash/endpoint-hash.ts'
import type { ComputedBindings } from './capabilities.ts'
import type { Binding, Claim, Move, StickyTable } from './sticky-table.ts'

/** What every answer about one endpoint is, made once for each set. */
interface Answers {
  readonly binding: Binding
  readonly claim: Claim
  readonly move: Move
}

/** A table without storage, on any hash of endpoints. */
export class ComputedTable implements StickyTable, ComputedBindings {
  /** What the endpoints are is known to every replica, but which of them fail is seen from here. */
  readonly scope = 'process'
  readonly bound: number | undefined
  readonly #hash: EndpointHash
  readonly #draining: 'keep' | 'skip'
  #isAttached = false
  #mapping: EndpointMapping | undefined
  #answers: ReadonlyMap<Identity, Answers> = new Map()

  constructor(hash: EndpointHash, draining: 'keep' | 'skip', bound: number | undefined) {
    this.#hash = hash
    this.#draining = draining
    this.bound = bound
  }

  attach(): (set: EndpointSet) => void {
    if (this.#isAttached) {
      throw new StickyError(
        'invalid-option',
        'createSticky.table: a table that computes its bindings is made for one pool, and this one has a pool already',
      )
    }
    this.#isAttached = true
    return (set) => this.#follow(set)
  }

  lookup(key: string): Binding | undefined {
    return this.#answersOf(key)?.binding
  }

  claim(key: string, candidate: Identity): Claim {
    return this.#answersOf(key)?.claim ?? answersOf(candidate).claim
  }

  move(key: string, from: Binding, _to: Identity): Move {
    return this.#answersOf(key)?.move ?? answersOf(from.identity).move
  }

  touch(): void {}

  release(): boolean {
    return false
  }

  pickWithin(key: string, limits: EndpointLimits): Endpoint | undefined {
    return this.#mapping?.pickWithin(key, limits)
  }

  #answersOf(key: string): Answers | undefined {
    const endpoint = this.#mapping?.pick(key)
    return endpoint && this.#answers.get(endpoint.identity)
  }

  #follow(set: EndpointSet): void {
    const endpoints: Endpoint[] = []
    const weights: number[] = []
    // In discovery's order, whoever drains: some of the proxies' mappings depend on the order.
    for (const endpoint of set.endpoints) {
      const weight = set.weightOf(endpoint.identity) ?? 0
      if (weight === 0 || !this.#takesKeys(set.availability(endpoint.identity))) continue
      endpoints.push(endpoint)
      weights.push(weight)
    }
    this.#mapping = this.#hash.over(endpoints, weights, this.#mapping)
    this.#answers = new Map(
      endpoints.map(({ identity }) => [identity, this.#answers.get(identity) ?? answersOf(identity)]),
    )
  }

  #takesKeys(availability: Availability | undefined): boolean {
    return (
      availability?.state === 'ready' || (this.#draining === 'keep' && availability?.state === 'draining')
    )
  }
}

/** The version is the identity: a computed binding has no states to tell apart. */
function answersOf(identity: Identity): Answers {
  const binding: Binding = Object.freeze({
    identity,
    version: identity,
    createdAt: 0,
    expiresAt: Number.POSITIVE_INFINITY,
  })
  return {
    binding,
    claim: Object.freeze({ binding, created: false }),
    move: Object.freeze({ binding, moved: false }),
  }
}
