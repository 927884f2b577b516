import type { Identity } from '../endpoint/endpoint.ts'

/**
 * The identities that bindings point at, as small numbers, and how many bindings point at each. A number is free again
 * when none does, so that years of rollouts leave nothing behind. 0 stands for none.
 */
export class Identities {
  readonly #ordinals = new Map<Identity, number>()
  readonly #identities: (Identity | undefined)[] = [undefined]
  readonly #counts: number[] = [0]
  readonly #free: number[] = []

  /** The number of an identity for one more binding. */
  retain(identity: Identity): number {
    let ordinal = this.#ordinals.get(identity)
    if (ordinal === undefined) {
      ordinal = this.#free.pop() ?? this.#counts.push(0) - 1
      this.#identities[ordinal] = identity
      this.#ordinals.set(identity, ordinal)
    }
    this.#counts[ordinal] = (this.#counts[ordinal] as number) + 1
    return ordinal
  }

  /** One binding less. */
  release(ordinal: number): void {
    const count = (this.#counts[ordinal] as number) - 1
    this.#counts[ordinal] = count
    if (count > 0) return
    this.#ordinals.delete(this.#identities[ordinal] as Identity)
    this.#identities[ordinal] = undefined
    this.#free.push(ordinal)
  }

  /** The identity that a number stands for while a binding points at it. */
  of(ordinal: number): Identity {
    return this.#identities[ordinal] as Identity
  }

  /** The number of an identity; 0 if no binding points at it. */
  ordinalOf(identity: Identity): number {
    return this.#ordinals.get(identity) ?? 0
  }

  count(identity: Identity): number {
    return this.#counts[this.ordinalOf(identity)] as number
  }

  counts(): Map<Identity, number> {
    return new Map(
      Array.from(this.#ordinals, ([identity, ordinal]) => [identity, this.#counts[ordinal] as number]),
    )
  }
}
