import type { ServerLookup } from './server-lookup.ts'

/** A server as the map sees it. */
export interface MapServer {
  /** Its place in the config. */
  readonly index: number
  /** Its weight divided by the greatest common divisor of all servers' weights at start; from 1. */
  readonly share: number
}

/**
 * The map of `hash-type map-based` (lb_map.c): one slot for each unit of weight, dealt to the servers in turn by weight; a hash belongs
 * to the slot of its remainder. A redispatch finds the same server again.
 */
export class SlotMap implements ServerLookup {
  readonly #slots: Uint32Array

  /** In the order of the config; one server at least. */
  constructor(servers: readonly MapServer[]) {
    this.#slots = dealtSlots(
      servers,
      servers.reduce((size, { share }) => size + share, 0),
    )
  }

  at(hash: number): number {
    return this.#slots[hash % this.#slots.length] as number
  }

  awayFrom(_tried: number, hash: number): number {
    return this.at(hash)
  }
}

/**
 * The backup server that takes everything without `option allbackups`. It should be the first usable one; but HAProxy deals as many
 * slots as that one has shares to all of them, and uses the first slot, so that a much heavier one behind it takes its place.
 */
export function soleBackup(backups: readonly MapServer[]): number {
  const [first] = backups as readonly [MapServer, ...MapServer[]]
  if (first.share === 1) return first.index
  const level = ({ share }: MapServer) => Math.floor(share / first.share)
  return backups.reduce((best, backup) => (level(backup) > level(best) ? backup : best), first).index
}

/**
 * HAProxy adds to every server's score its share, gives the slot to the first of the servers whose `floor((score + size) / size)` is
 * highest, and takes `size` from that one's score. That level rises by one whenever the server's shares so far come to another
 * `size`, and falls by one with each slot; so only changes are played, on a tree that knows the first of the highest.
 */
function dealtSlots(servers: readonly MapServer[], size: number): Uint32Array {
  const slots = new Uint32Array(size)
  if (size === 1) return slots.fill((servers[0] as MapServer).index)
  const levels = new LevelTree(servers.length)
  const rises = risesBySlot(servers, size)
  for (let slot = 0; slot < size; slot++) {
    for (let i = rises.starts[slot] as number; i < (rises.starts[slot + 1] as number); i++) {
      levels.add(rises.servers[i] as number, 1)
    }
    const winner = levels.firstOfHighest()
    slots[slot] = (servers[winner] as MapServer).index
    levels.add(winner, -1)
  }
  return slots
}

/** For each slot, the servers whose level rises before it is dealt; once for each step. */
function risesBySlot(
  servers: readonly MapServer[],
  size: number,
): { readonly starts: Uint32Array; readonly servers: Uint32Array } {
  const starts = new Uint32Array(size + 1)
  const counts = new Uint32Array(size)
  for (const { share } of servers)
    eachRise(share, size, (slot) => (counts[slot] = (counts[slot] as number) + 1))
  for (let slot = 0; slot < size; slot++)
    starts[slot + 1] = (starts[slot] as number) + (counts[slot] as number)
  const places = starts.slice()
  const order = new Uint32Array(starts[size] as number)
  servers.forEach(({ share }, server) => {
    eachRise(share, size, (slot) => {
      const place = places[slot] as number
      order[place] = server
      places[slot] = place + 1
    })
  })
  return { starts, servers: order }
}

/** The share comes to `step` times the size with the slot of this number. */
function eachRise(share: number, size: number, rise: (slot: number) => void): void {
  for (let step = 1; step <= share; step++) rise(Math.ceil((step * size) / share) - 1)
}

/** The highest of a row of numbers, all zero at first, and the first place that has it. */
class LevelTree {
  readonly #leaves: number
  readonly #highest: Int32Array

  constructor(size: number) {
    this.#leaves = 2 ** Math.ceil(Math.log2(size))
    this.#highest = new Int32Array(2 * this.#leaves)
    // Places behind the last one are never the highest.
    for (let place = size; place < this.#leaves; place++) this.add(place, -(2 ** 30))
  }

  add(place: number, change: number): void {
    const tree = this.#highest
    let node = this.#leaves + place
    tree[node] = (tree[node] as number) + change
    for (node >>= 1; node >= 1; node >>= 1) {
      tree[node] = Math.max(tree[2 * node] as number, tree[2 * node + 1] as number)
    }
  }

  firstOfHighest(): number {
    const tree = this.#highest
    let node = 1
    while (node < this.#leaves) node = tree[2 * node] === tree[node] ? 2 * node : 2 * node + 1
    return node - this.#leaves
  }
}
