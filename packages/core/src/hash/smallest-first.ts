/** Numbers of which the smallest is known: a binary heap of fixed capacity. */
export class SmallestFirst {
  readonly #heap: Float64Array
  #size = 0

  constructor(capacity: number) {
    this.#heap = new Float64Array(capacity)
  }

  /** Infinity if there is none. */
  get smallest(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : (this.#heap[0] as number)
  }

  push(number: number): void {
    const heap = this.#heap
    let at = this.#size++
    while (at > 0) {
      const parent = (at - 1) >> 1
      if ((heap[parent] as number) <= number) break
      heap[at] = heap[parent] as number
      at = parent
    }
    heap[at] = number
  }

  /** Takes the smallest out; there must be one. */
  pop(): number {
    const heap = this.#heap
    const smallest = heap[0] as number
    const moved = heap[--this.#size] as number
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= this.#size) break
      if (child + 1 < this.#size && (heap[child + 1] as number) < (heap[child] as number)) child++
      if ((heap[child] as number) >= moved) break
      heap[at] = heap[child] as number
      at = child
    }
    heap[at] = moved
    return smallest
  }
}
