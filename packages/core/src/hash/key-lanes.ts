/**
 * The two 32-bit hashes of one key, from one walk over its bytes: a walk costs more than what is done with it.
 *
 * Each lane is MurmurHash3_x86_32 (Austin Appleby) with constants of its own: the first has the published ones, the second
 * those of the second and third lane of MurmurHash3_x86_128. A seed gives each lane its start. Published in
 * `docs/guide/hashing.md` with vectors, and frozen as version 1.
 */
export class KeyLanes {
  readonly #firstSeed: number
  readonly #secondSeed: number
  // Signed, so that V8 keeps them as small integers: an unsigned one would be a number on the heap.
  #first = 0
  #second = 0

  /** `seed`: two 32-bit numbers; the same in every replica. */
  constructor(firstSeed: number, secondSeed: number) {
    this.#firstSeed = firstSeed | 0
    this.#secondSeed = secondSeed | 0
  }

  /** The first hash of the key read last, an unsigned 32-bit number. */
  get first(): number {
    return this.#first >>> 0
  }

  /** The second. */
  get second(): number {
    return this.#second >>> 0
  }

  /** Reads the latin1 bytes of a text; of a character above 0xFF its low byte. Allocates nothing. */
  readText(text: string): void {
    const length = text.length
    const whole = length & ~3
    let one = this.#firstSeed
    let two = this.#secondSeed
    for (let i = 0; i < whole; i += 4) {
      const block =
        (text.charCodeAt(i) & 0xff) |
        ((text.charCodeAt(i + 1) & 0xff) << 8) |
        ((text.charCodeAt(i + 2) & 0xff) << 16) |
        (text.charCodeAt(i + 3) << 24)
      one = mixOne(one, block)
      two = mixTwo(two, block)
    }
    let tail = 0
    for (let i = length - 1; i >= whole; i--) tail = (tail << 8) | (text.charCodeAt(i) & 0xff)
    this.#finish(one, two, tail, length)
  }

  /** The same of bytes. */
  readBytes(bytes: Uint8Array): void {
    const length = bytes.length
    const whole = length & ~3
    let one = this.#firstSeed
    let two = this.#secondSeed
    for (let i = 0; i < whole; i += 4) {
      const block =
        (bytes[i] as number) |
        ((bytes[i + 1] as number) << 8) |
        ((bytes[i + 2] as number) << 16) |
        ((bytes[i + 3] as number) << 24)
      one = mixOne(one, block)
      two = mixTwo(two, block)
    }
    let tail = 0
    for (let i = length - 1; i >= whole; i--) tail = (tail << 8) | (bytes[i] as number)
    this.#finish(one, two, tail, length)
  }

  #finish(one: number, two: number, tail: number, length: number): void {
    if (length & 3) {
      one ^= Math.imul(rotate(Math.imul(tail, 0xcc9e2d51), 15), 0x1b873593)
      two ^= Math.imul(rotate(Math.imul(tail, 0xab0e9789), 16), 0x38b34ae5)
    }
    this.#first = avalanche(one ^ length) | 0
    this.#second = avalanche(two ^ length) | 0
  }
}

function mixOne(hash: number, block: number): number {
  hash ^= Math.imul(rotate(Math.imul(block, 0xcc9e2d51), 15), 0x1b873593)
  return (Math.imul(rotate(hash, 13), 5) + 0xe6546b64) | 0
}

function mixTwo(hash: number, block: number): number {
  hash ^= Math.imul(rotate(Math.imul(block, 0xab0e9789), 16), 0x38b34ae5)
  return (Math.imul(rotate(hash, 17), 5) + 0x0bcaa747) | 0
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits))
}

/** The finalizer of MurmurHash3: a bijection in which every bit of the input changes each bit of the result half the time. */
export function avalanche(hash: number): number {
  hash ^= hash >>> 16
  hash = Math.imul(hash, 0x85ebca6b)
  hash ^= hash >>> 13
  hash = Math.imul(hash, 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
