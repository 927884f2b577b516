import type { ClusterNode } from './cluster-node.ts'

/** What is moved, and what is done meanwhile. */
export interface Reshard {
  readonly from: ClusterNode
  readonly to: ClusterNode
  readonly slots: readonly number[]
  /** All masters: they are told who has the slot now. */
  readonly masters: readonly ClusterNode[]
  /**
   * Runs for each slot when its keys are at `to` and the slot is still of `from`, which answers ASK for them. Without it, each
   * slot is in this state for the time of one round trip.
   */
  readonly whileAsking?: ((slot: number) => Promise<void>) | undefined
}

/** Keys that are moved by one command. */
const BATCH = 100

/** Moves slots with their keys, while clients go on, as `redis-cli --cluster reshard` does. Gives the number of keys moved. */
export async function reshardSlots({ from, to, slots, masters, whileAsking }: Reshard): Promise<number> {
  let moved = 0
  for (const slot of slots) {
    // In this order, or `to` answers MOVED for a key that `from` has sent away, and clients go round in circles.
    await to.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', from.id)
    await from.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', to.id)
    for (;;) {
      const keys = (await from.call('CLUSTER', 'GETKEYSINSLOT', slot, BATCH)) as string[]
      if (keys.length === 0) break
      await from.call('MIGRATE', '127.0.0.1', to.server.port, '', 0, 5000, 'KEYS', ...keys)
      moved += keys.length
    }
    await whileAsking?.(slot)
    // `to` first: until it takes the slot as its own, nobody else may send clients there.
    for (const node of [to, from, ...masters.filter((other) => other !== to && other !== from)])
      await node.call('CLUSTER', 'SETSLOT', slot, 'NODE', to.id)
  }
  return moved
}
