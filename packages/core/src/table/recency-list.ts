/** What a value needs to stand in a {@link RecencyList}: both neighbours, undefined at the ends and outside a list. */
export interface RecencyNode<T> {
  newer: T | undefined
  older: T | undefined
}

/**
 * Values in the order of their last use. Every operation takes constant time, at any length: the order of a `Map` would
 * do for a small table, but finding the oldest key of a `Map` walks over all keys deleted since its last rehash.
 */
export class RecencyList<T extends RecencyNode<T>> {
  #front: T | undefined
  #back: T | undefined

  /** Used longest ago. */
  get back(): T | undefined {
    return this.#back
  }

  addFront(node: T): void {
    node.newer = undefined
    node.older = this.#front
    if (this.#front) this.#front.newer = node
    else this.#back = node
    this.#front = node
  }

  toFront(node: T): void {
    if (node === this.#front) return
    this.remove(node)
    this.addFront(node)
  }

  /** Takes out a node that stands in this list. */
  remove(node: T): void {
    if (node.newer) node.newer.older = node.older
    else this.#front = node.older
    if (node.older) node.older.newer = node.newer
    else this.#back = node.newer
    node.newer = undefined
    node.older = undefined
  }
}
