import type { Hash64 } from './hash64.ts'

/** Which host a hash leads to: an Envoy ring or Maglev table, immutable. */
export interface HostTable {
  /**
   * The index of the host that Envoy's `chooseHost` answers, or -1 if there are no entries. `attempt`: how many choices before this one
   * were refused for this request.
   */
  hostAt(hash: Hash64, attempt: number): number
}

/** A host as a table takes it. */
export interface TableHost {
  /** What the table answers for it. */
  readonly index: number
  /** UTF-8 of its hash key. */
  readonly key: Uint8Array
  /** Its share of the weights, in the double that Envoy computes. */
  readonly share: number
}

/** Array for indexes below `count`. */
export function indexArray(size: number, count: number): Uint16Array | Uint32Array {
  return count <= 0x10000 ? new Uint16Array(size) : new Uint32Array(size)
}
