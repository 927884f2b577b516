import { SortedPoints } from '../sorted-points.ts'
import { fullHash } from './full-hash.ts'
import type { ServerLookup } from './server-lookup.ts'

/** HAProxy's `BE_WEIGHT_SCALE`: how many nodes each unit of weight puts on the ring. */
export const NODES_PER_WEIGHT = 16

/** A server as the ring sees it. */
export interface RingServer {
  /** Its place in the config. */
  readonly index: number
  /** From 1. */
  readonly weight: number
  /** The number from which its nodes' positions are counted. */
  readonly base: number
}

/**
 * The tree of `hash-type consistent` (lb_chash.c): a hash belongs to the nearer of the nodes on its two sides, to the one before it if
 * they are equally far. Nodes of one position stay in the order of the config.
 */
export class NodeRing implements ServerLookup {
  readonly #nodes: SortedPoints

  private constructor(nodes: SortedPoints) {
    this.#nodes = nodes
  }

  /** Needs two servers at least, or there would be nothing to be away from; in the order of the config. */
  static of(servers: readonly RingServer[]): NodeRing {
    const size = servers.reduce((sum, { weight }) => sum + weight * NODES_PER_WEIGHT, 0)
    const positions = new Uint32Array(size)
    const owners = new Uint32Array(size)
    let at = 0
    for (const { index, weight, base } of servers) {
      for (let node = 0; node < weight * NODES_PER_WEIGHT; node++, at++) {
        positions[at] = fullHash(base + node)
        owners[at] = index
      }
    }
    return new NodeRing(new SortedPoints(positions, owners))
  }

  /** The ring without the nodes of some servers: the same nodes in the same order as if it had been built so. */
  without(isGone: (server: number) => boolean): NodeRing {
    const { positions, owners } = this.#nodes
    let size = 0
    for (let i = 0; i < owners.length; i++) if (!isGone(owners[i] as number)) size++
    const keptPositions = new Uint32Array(size)
    const keptOwners = new Uint32Array(size)
    let at = 0
    for (let i = 0; i < owners.length; i++) {
      if (isGone(owners[i] as number)) continue
      keptPositions[at] = positions[i] as number
      keptOwners[at++] = owners[i] as number
    }
    return new NodeRing(new SortedPoints(keptPositions, keptOwners))
  }

  at(hash: number): number {
    return this.#nodes.owners[this.#nodeAt(hash)] as number
  }

  /** HAProxy looks the hash up again and walks on while it stands on nodes of the server just tried; it remembers no others. */
  awayFrom(tried: number, hash: number): number {
    const { owners, size } = this.#nodes
    let node = this.#nodeAt(hash)
    for (let steps = 0; steps < size && owners[node] === tried; steps++)
      node = node + 1 === size ? 0 : node + 1
    return owners[node] as number
  }

  #nodeAt(hash: number): number {
    const { positions, size } = this.#nodes
    const found = this.#nodes.indexAt(hash)
    const next = found === size ? 0 : found
    const previous = next === 0 ? size - 1 : next - 1
    const behind = (hash - (positions[previous] as number)) >>> 0
    const ahead = ((positions[next] as number) - hash) >>> 0
    return behind <= ahead ? previous : next
  }
}
