import { expect } from 'vitest'
import { type NearCache, nearCache } from '../../src/table/near/near-cache.ts'
import type { NearCacheOptions } from '../../src/table/near/near-options.ts'
import type { StickyTable } from '../../src/table/sticky-table.ts'
import { type FakeClock, fakeClock } from '../../src/testing/fake-clock.ts'
import { prompt, RemoteStore, type TestInvalidations, testInvalidations, type Wire } from './remote-store.ts'
import { settled } from './settled.ts'

/** A call that waits until the test lets it happen, and then until it lets the answer come. */
export interface HeldCall {
  readonly operation: string
  happen(): void
  answer(): Promise<void>
  fail(): Promise<void>
}

/** A near cache over a shared table whose calls are held, and what others do with that table. */
export interface HeldTable {
  readonly near: NearCache
  readonly others: StickyTable
  readonly calls: HeldCall[]
  readonly source: TestInvalidations
  readonly clock: FakeClock
}

export function heldTable(options: Partial<NearCacheOptions> = {}): HeldTable {
  const clock = fakeClock()
  const store = new RemoteStore(clock, { idleTimeoutMs: 3_600_000 })
  const calls: HeldCall[] = []
  const wire: Wire = <T>(operation: string, act: () => T) =>
    new Promise<T>((resolve, reject) => {
      let result: T
      let hasHappened = false
      const happen = () => {
        result = act()
        hasHappened = true
      }
      calls.push({
        operation,
        happen,
        answer: () => {
          if (!hasHappened) happen()
          resolve(result)
          return settled()
        },
        fail: () => {
          reject(new Error('connection lost'))
          return settled()
        },
      })
    })
  const source = testInvalidations()
  const near = nearCache(store.table(wire), {
    clock,
    maxWatchedAgeMs: Number.POSITIVE_INFINITY,
    invalidations: source,
    ...options,
  })
  source.tell.restored()
  return { near, others: store.table(prompt), calls, source, clock }
}

export function call(calls: readonly HeldCall[], index: number): HeldCall {
  return calls[index] ?? expect.unreachable(`only ${calls.length} calls`)
}
