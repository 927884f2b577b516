import { avalanche, KeyLanes } from './key-lanes.ts'

/** Arbitrary, different from those of keys, and the same for ever: replicas must agree. */
const IDENTITY_SEEDS = [0x6c696d70, 0x65743031] as const
/** 2^32 divided by the golden ratio, odd. */
const STEP = 0x9e3779b1

/** The points `from` to `to` (exclusive) of the member in a slot. */
export interface Span {
  readonly identity: string
  readonly slot: number
  readonly from: number
  readonly to: number
}

/**
 * Where the points of one member lie. Point `j` depends on the identity and `j` alone, so that another weight only adds
 * points or takes the last away. No two points of a member share a position: each step is a bijection.
 */
export class MemberPoints {
  readonly #lanes: KeyLanes

  /** `seed`: what keys are hashed with too; see `ring()`. */
  constructor(seed: number) {
    this.#lanes = new KeyLanes(IDENTITY_SEEDS[0] ^ seed, IDENTITY_SEEDS[1] ^ seed)
  }

  /** Writes the positions of the points `from` to `to` (exclusive) of a member to `into`, from its index `at`. */
  write(identity: string, from: number, to: number, into: Uint32Array, at: number): void {
    const lanes = this.#lanes
    lanes.readText(identity)
    const { first, second } = lanes
    for (let j = from; j < to; j++) {
      into[at++] = avalanche(first ^ avalanche((second + Math.imul(j + 1, STEP)) | 0))
    }
  }
}

/** Points in all. */
export function sizeOf(spans: readonly Span[]): number {
  let size = 0
  for (const { from, to } of spans) size += to - from
  return size
}
