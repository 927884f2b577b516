import { Hash64, type Hash64Function } from './hash64.ts'
import { type HostTable, indexArray, type TableHost } from './host-table.ts'

/** Most bits by which entries are found: 4 194 304 places, two entries each in the largest ring. */
const MOST_BITS = 22

const UNDERSCORE = 0x5f
const ZERO = 0x30
const NINE = 0x39

/** Sizes and hash function of a ring, in Envoy's words. */
export interface RingLimits {
  readonly minimumRingSize: number
  readonly maximumRingSize: number
  readonly hash: Hash64Function
}

/**
 * Envoy's hash ring (ring_hash_lb.cc): entries of 64-bit positions in ascending order. Its sort leaves the order of equal positions open;
 * here they stay in the order of the hosts.
 */
export class EnvoyRing implements HostTable {
  /** Upper halves of the positions. */
  readonly highs: Uint32Array
  readonly lows: Uint32Array
  /** For each entry, the index of its host. */
  readonly owners: Uint16Array | Uint32Array
  readonly #starts: Uint32Array
  readonly #shift: number

  constructor(hosts: readonly TableHost[], limits: RingLimits) {
    const counts = entryCounts(hosts, limits)
    const size = counts.reduce((sum, count) => sum + count, 0)
    const bits = Math.max(1, Math.min(MOST_BITS, 32 - Math.clz32(Math.max(1, size - 1))))
    this.#shift = 32 - bits
    this.#starts = new Uint32Array((1 << bits) + 1)
    this.highs = new Uint32Array(size)
    this.lows = new Uint32Array(size)
    this.owners = indexArray(size, hosts.reduce((most, { index }) => Math.max(most, index), 0) + 1)
    this.#build(hosts, counts, limits.hash)
  }

  get size(): number {
    return this.highs.length
  }

  hostAt(hash: Hash64, attempt: number): number {
    const { size } = this
    if (size === 0) return -1
    const index = this.#indexAt(hash.high >>> 0, hash.low >>> 0) + attempt
    return this.owners[index % size] as number
  }

  /** The first entry at or behind a position; `size` if there is none up to the end. */
  #indexAt(high: number, low: number): number {
    const { highs, lows } = this
    let index = this.#starts[high >>> this.#shift] as number
    while (index < highs.length) {
      const own = highs[index] as number
      if (own > high || (own === high && (lows[index] as number) >= low)) break
      index++
    }
    return index
  }

  /** Positions in the order of the hosts, counted by their upper bits, then each sorted into its place. */
  #build(hosts: readonly TableHost[], counts: readonly number[], hash: Hash64Function): void {
    const highs = new Uint32Array(this.size)
    const lows = new Uint32Array(this.size)
    const starts = this.#starts
    let at = 0
    for (const [i, { key }] of hosts.entries()) {
      at = hashEntries(key, counts[i] as number, hash, highs, lows, at)
    }
    for (const high of highs) {
      const next = (high >>> this.#shift) + 1
      starts[next] = (starts[next] as number) + 1
    }
    for (let i = 1; i < starts.length; i++) starts[i] = (starts[i] as number) + (starts[i - 1] as number)
    const ends = starts.slice(0, -1)
    at = 0
    for (const [i, { index }] of hosts.entries()) {
      for (const end = at + (counts[i] as number); at < end; at++) {
        this.#place(highs[at] as number, lows[at] as number, index, ends)
      }
    }
  }

  #place(high: number, low: number, owner: number, ends: Uint32Array): void {
    const { highs, lows, owners } = this
    const bucket = high >>> this.#shift
    const start = this.#starts[bucket] as number
    let place = ends[bucket] as number
    ends[bucket] = place + 1
    for (; place > start; place--) {
      const before = highs[place - 1] as number
      if (before < high || (before === high && (lows[place - 1] as number) <= low)) break
      highs[place] = before
      lows[place] = lows[place - 1] as number
      owners[place] = owners[place - 1] as number
    }
    highs[place] = high
    lows[place] = low
    owners[place] = owner
  }
}

/**
 * How many entries each host has: enough that the one with the least weight has a whole number of them. Where others do not come out
 * whole, what one leaves over goes to the next. Doubles in the order of Envoy's own operations.
 */
function entryCounts(
  hosts: readonly TableHost[],
  { minimumRingSize, maximumRingSize }: RingLimits,
): readonly number[] {
  const least = hosts.reduce((min, { share }) => Math.min(min, share), 1)
  const scale = Math.min(Math.ceil(least * minimumRingSize) / least, maximumRingSize)
  let current = 0
  let target = 0
  return hosts.map(({ share }) => {
    target += scale * share
    const before = current
    current = Math.max(current, Math.ceil(target))
    return current - before
  })
}

/** Hashes `key_0`, `key_1`, … into the arrays from `at`, and answers where it ended. */
function hashEntries(
  key: Uint8Array,
  count: number,
  hash64: Hash64Function,
  highs: Uint32Array,
  lows: Uint32Array,
  at: number,
): number {
  const digits = key.length + 1
  const text = new Uint8Array(digits + 10)
  text.set(key)
  text[key.length] = UNDERSCORE
  text[digits] = ZERO
  let end = digits + 1
  const position = new Hash64()
  for (const last = at + count; at < last; at++) {
    position.set(0, 0)
    hash64(position, text, 0, end)
    highs[at] = position.high
    lows[at] = position.low
    end = countUp(text, digits, end)
  }
  return at
}

/** Adds one to the decimal number between `start` and `end`, and answers its new end. */
function countUp(text: Uint8Array, start: number, end: number): number {
  let digit = end - 1
  for (; digit >= start && text[digit] === NINE; digit--) text[digit] = ZERO
  if (digit >= start) {
    text[digit] = (text[digit] as number) + 1
    return end
  }
  text[start] = ZERO + 1
  text[end] = ZERO
  return end + 1
}
