import type { Identity } from '../../src/endpoint/endpoint.ts'
import type { Route } from '../../src/route/route.ts'
import type { StickyOptions } from '../../src/sticky-options.ts'
import { type NearCache, nearCache } from '../../src/table/near/near-cache.ts'
import type { StickyTable } from '../../src/table/sticky-table.ts'
import { type FakeClock, fakeClock } from '../../src/testing/fake-clock.ts'
import { brief, pods, pool, type TestPool } from './pool.ts'
import { prompt, RemoteStore, type TestInvalidations, testInvalidations } from './remote-store.ts'
import { settled } from './settled.ts'
import { type CountedTable, countedTable, type Fault, type Faults, faultyTable } from './tables.ts'

export const IDLE: number = 4_000
const TIMEOUT = 250
/** A pool whose table is a near cache over a shared store, which can be away. */
export interface OutagePool extends TestPool {
  readonly store: RemoteStore
  readonly near: NearCache
  readonly calls: CountedTable['calls']
  readonly source: TestInvalidations
  /** Every operation of this replica fails so; undefined = the table is back. */
  away(fault: Fault | undefined): void
  fail(operation: keyof Faults): void
  /** Sends a request, lets the table's time pass where it hangs, and ends it as answered. */
  send(key: string): Promise<string>
  pass(ms: number): Promise<void>
}

type Options = Partial<Omit<StickyOptions, 'endpoints' | 'clock'>> & { readonly idleTimeoutMs?: number }

export function outagePool(
  store: RemoteStore,
  clock: FakeClock,
  { idleTimeoutMs = IDLE, ...options }: Options = {},
): OutagePool {
  const faults: Faults = {}
  const table = countedTable(faultyTable(store.table(prompt), faults))
  const source = testInvalidations()
  const stated = { idleTimeoutMs, absoluteTimeoutMs: Number.POSITIVE_INFINITY }
  const near = nearCache(Object.assign(table, stated) as StickyTable, {
    clock,
    invalidations: source,
    maxWatchedAgeMs: Number.POSITIVE_INFINITY,
  })
  source.tell.restored()
  const test = pool({ endpoints: pods(5), table: near, clock, tableTimeoutMs: TIMEOUT, ...options })
  return {
    ...test,
    store,
    near,
    source,
    calls: table.calls,
    away(fault) {
      for (const operation of ['lookup', 'claim', 'move', 'touch', 'release'] as const) {
        if (fault) faults[operation] = fault
        else delete faults[operation]
      }
    },
    fail(operation) {
      faults[operation] = 'rejects'
    },
    async send(key) {
      const asked = test.route(key)
      await settled()
      if (faults.lookup === 'hangs') clock.advance(TIMEOUT)
      const route: Route = await asked
      if (route.kind !== 'refused') {
        await route.settle({ status: 200 })
        route.done()
      }
      return brief(route)
    },
    async pass(ms) {
      for (let passed = 0; passed < ms; passed += 50) {
        clock.advance(50)
        await settled()
      }
    },
  }
}

/** The only replica. */
export function alone(options: Options = {}): OutagePool {
  const clock = fakeClock()
  const { idleTimeoutMs = IDLE } = options
  return outagePool(new RemoteStore(clock, { idleTimeoutMs }), clock, options)
}

/** Where each key goes now. */
export async function homesOf({ send }: OutagePool, keys: readonly string[]): Promise<Map<string, Identity>> {
  const homes = new Map<string, Identity>()
  for (const key of keys) homes.set(key, (await send(key)).split(' ')[1] as string)
  return homes
}
