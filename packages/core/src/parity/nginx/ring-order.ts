import { crc32 } from '../crc32.ts'
import type { SortedPoints } from '../sorted-points.ts'
import type { PeerOrder } from './peer-walk.ts'

/** `hash KEY consistent`: the first point at or behind the CRC-32 of the key, then the next ones, around the end. */
export class RingOrder implements PeerOrder {
  readonly #points: SortedPoints
  #index = 0

  constructor(points: SortedPoints) {
    this.#points = points
  }

  begin(key: Uint8Array): void {
    const index = this.#points.indexAt(crc32(key))
    this.#index = index === this.#points.size ? 0 : index
  }

  peer(): number {
    return this.#points.owners[this.#index] as number
  }

  /** Of points in one place nginx keeps the first, so the others are no step of the walk. */
  skip(): void {
    const { positions, size } = this.#points
    const here = positions[this.#index]
    do this.#index = this.#index + 1 === size ? 0 : this.#index + 1
    while (this.#index > 0 && positions[this.#index] === here)
  }
}
