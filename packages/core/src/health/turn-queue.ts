/**
 * First come, first served. Taking moves an index instead of the items, so that it costs the same however many wait; what
 * lies before the index is dropped when it is the greater part, which is constant time on average.
 */
export class TurnQueue<T> {
  #items: T[] = []
  #next = 0

  add(item: T): void {
    this.#items.push(item)
  }

  take(): T | undefined {
    if (this.#next === this.#items.length) return undefined
    const item = this.#items[this.#next++]
    if (this.#next * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#next)
      this.#next = 0
    }
    return item
  }

  clear(): void {
    this.#items = []
    this.#next = 0
  }
}
