import type { MaybePromise } from '../../src/maybe-promise.ts'
import type { TableOperation } from '../../src/table/guarded-table.ts'
import type { StickyTable } from '../../src/table/sticky-table.ts'
import { settled } from './settled.ts'

/** What every table is asked. */
type Asked = Exclude<TableOperation, 'follow'>

/** How one operation of a table under test misbehaves. */
export type Fault = 'throws' | 'rejects' | 'hangs'

/** Faults by operation; change it while a test runs. */
export type Faults = { [Operation in Asked]?: Fault }

/** A table whose operations fail as `faults` says at the time of the call; those without a fault do as `table` does. */
export function faultyTable(
  table: StickyTable,
  faults: Faults,
  error: unknown = new Error('broken'),
): StickyTable {
  const call = <T>(operation: Asked, act: () => MaybePromise<T>): MaybePromise<T> => {
    switch (faults[operation]) {
      case 'throws':
        throw error
      case 'rejects':
        return Promise.reject(error)
      case 'hangs':
        return new Promise(() => undefined)
      default:
        return act()
    }
  }
  return overEachCall(table, call)
}

/** A table that is reached over a network: calls take effect, and answers arrive, when `run` says and in its order. */
export interface RemoteTable extends StickyTable {
  /** Lets everything happen, one event at a time, in random order, until nothing is under way. */
  run(): Promise<void>
  /** Lets one event happen. Answers false if there was none. */
  step(): Promise<boolean>
}

/** `random` orders the events; the same numbers give the same order. */
export function remoteTable(table: StickyTable, random: () => number): RemoteTable {
  const events: (() => void)[] = []
  const call = <T>(_operation: Asked, act: () => MaybePromise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      const takeEffect = async () => {
        try {
          const answer = await act()
          events.push(() => resolve(answer))
        } catch (error) {
          events.push(() => reject(error))
        }
      }
      events.push(() => void takeEffect())
    })
  const step = async () => {
    const [event] = events.splice(Math.floor(random() * events.length), 1)
    event?.()
    await settled()
    return event !== undefined
  }
  return {
    ...overEachCall(table, call),
    step,
    async run() {
      await settled()
      while (await step());
    },
  }
}

/** A table that counts the calls of each operation. */
export interface CountedTable extends StickyTable {
  readonly calls: { [Operation in Asked]: number }
}

export function countedTable(table: StickyTable): CountedTable {
  const calls = { lookup: 0, claim: 0, move: 0, touch: 0, release: 0 }
  return {
    ...overEachCall(table, (operation, act) => {
      calls[operation]++
      return act()
    }),
    calls,
  }
}

function overEachCall(
  table: StickyTable,
  call: <T>(operation: Asked, act: () => MaybePromise<T>) => MaybePromise<T>,
): StickyTable {
  return {
    lookup: (key) => call('lookup', () => table.lookup(key)),
    claim: (key, candidate, address) => call('claim', () => table.claim(key, candidate, address)),
    move: (key, from, to, address) => call('move', () => table.move(key, from, to, address)),
    touch: (key, binding) => call('touch', () => table.touch(key, binding)),
    release: (key, from) => call('release', () => table.release(key, from)),
  }
}
