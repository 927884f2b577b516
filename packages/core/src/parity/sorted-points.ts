/**
 * Points in a circle of 2^32 places, sorted by position, with an owner each. Points of one position stay in the order in which they were
 * given, which is what the proxies' own sorts do; a position is found by its upper bits, in a step or two.
 */
export class SortedPoints {
  readonly positions: Uint32Array
  readonly owners: Uint32Array
  readonly #starts: Uint32Array
  readonly #shift: number

  /** `positions` and `owners` have the same length, and are not changed. */
  constructor(positions: Uint32Array, owners: Uint32Array) {
    const size = positions.length
    const bits = Math.max(1, Math.min(20, 32 - Math.clz32(Math.max(1, size - 1))))
    this.#shift = 32 - bits
    this.#starts = bucketStarts(positions, bits)
    this.positions = new Uint32Array(size)
    this.owners = new Uint32Array(size)
    this.#sort(positions, owners)
  }

  get size(): number {
    return this.positions.length
  }

  /** The index of the first point at or behind `position`, or `size` if there is none up to the end of the circle. */
  indexAt(position: number): number {
    const { positions } = this
    let index = this.#starts[position >>> this.#shift] as number
    while (index < positions.length && (positions[index] as number) < position) index++
    return index
  }

  /** One counting pass by upper bits, then insertion within each bucket; both keep the order of equals. */
  #sort(given: Uint32Array, owners: Uint32Array): void {
    const ends = this.#starts.slice(0, -1)
    for (let i = 0; i < given.length; i++) {
      const position = given[i] as number
      const bucket = position >>> this.#shift
      const start = this.#starts[bucket] as number
      let place = ends[bucket] as number
      ends[bucket] = place + 1
      while (place > start && (this.positions[place - 1] as number) > position) {
        this.positions[place] = this.positions[place - 1] as number
        this.owners[place] = this.owners[place - 1] as number
        place--
      }
      this.positions[place] = position
      this.owners[place] = owners[i] as number
    }
  }
}

/** For each value of the upper bits, the number of points before it; one more entry than values. */
function bucketStarts(positions: Uint32Array, bits: number): Uint32Array {
  const starts = new Uint32Array((1 << bits) + 1)
  for (let i = 0; i < positions.length; i++) {
    const next = ((positions[i] as number) >>> (32 - bits)) + 1
    starts[next] = (starts[next] as number) + 1
  }
  for (let bucket = 1; bucket < starts.length; bucket++) {
    starts[bucket] = (starts[bucket] as number) + (starts[bucket - 1] as number)
  }
  return starts
}
