import { MaglevTurns } from '../../hash/maglev-turns.ts'
import { Hash64 } from './hash64.ts'
import { type HostTable, indexArray, type TableHost } from './host-table.ts'
import { xxh64 } from './xxh64.ts'

/**
 * Envoy's Maglev table (maglev_lb.cc; Eisenbud et al., "Maglev", NSDI 2016, listing 1): `size` places, a prime. Hosts take places in the
 * order of their hash keys' bytes, those of less weight less often.
 */
export class EnvoyMaglevTable implements HostTable {
  /** For each place, the index of its host; empty without hosts. */
  readonly places: Uint16Array | Uint32Array
  readonly #size: number
  /** 2^32 modulo the size. */
  readonly #wrap: number

  constructor(hosts: readonly TableHost[], size: number) {
    this.#size = size
    this.#wrap = 2 ** 32 % size
    this.places = this.#fill(hosts)
  }

  hostAt({ high, low }: Hash64, attempt: number): number {
    if (this.places.length === 0) return -1
    // 2^64 - attempt has all upper bits set.
    const place = attempt === 0 ? this.#remainder(high, low) : this.#remainder(~high, low ^ -attempt)
    return this.places[place] as number
  }

  /** A 64-bit number modulo the size; every product here stays below 2^53, and a `%` of doubles would be a call into the engine. */
  #remainder(high: number, low: number): number {
    const size = this.#size
    const value = ((high >>> 0) % (size >>> 0)) * this.#wrap + (low >>> 0)
    return value - Math.floor(value / size) * size
  }

  #fill(hosts: readonly TableHost[]): Uint16Array | Uint32Array {
    if (hosts.length === 0) return new Uint16Array(0)
    const size = this.#size
    const sorted = hosts.toSorted((one, other) => compareBytes(one.key, other.key))
    const next = Float64Array.from(sorted, ({ key }) => this.#hashed(key, 0, size))
    const skips = Float64Array.from(sorted, ({ key }) => this.#hashed(key, 1, size - 1) + 1)
    const places = indexArray(size, hosts.reduce((most, { index }) => Math.max(most, index), 0) + 1)
    const taken = new Uint8Array(size)
    const turns = new MaglevTurns(
      Float64Array.from(sorted, ({ share }) => share),
      size,
    )
    for (let left = size; left > 0; left--) {
      const turn = turns.next()
      const skip = skips[turn] as number
      let place = next[turn] as number
      while (taken[place] === 1) place = place + skip < size ? place + skip : place + skip - size
      taken[place] = 1
      places[place] = (sorted[turn] as TableHost).index
      next[turn] = place + skip < size ? place + skip : place + skip - size
    }
    return places
  }

  /** XXH64 of a key under a seed, modulo a number up to the size. */
  #hashed(key: Uint8Array, seed: number, modulus: number): number {
    const hash = new Hash64()
    hash.set(0, seed)
    xxh64(hash, key, 0, key.length)
    return (((hash.high >>> 0) % modulus) * (2 ** 32 % modulus) + (hash.low >>> 0)) % modulus
  }
}

/** The order of bytes; of two of which one begins the other, the shorter first. */
function compareBytes(one: Uint8Array, other: Uint8Array): number {
  const shared = Math.min(one.length, other.length)
  for (let i = 0; i < shared; i++) {
    const difference = (one[i] as number) - (other[i] as number)
    if (difference !== 0) return difference
  }
  return one.length - other.length
}
