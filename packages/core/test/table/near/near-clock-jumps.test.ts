import { expect, it } from 'vitest'
import { nearCache } from '../../../src/table/near/near-cache.ts'
import { fakeClock } from '../../../src/testing/fake-clock.ts'
import { prompt, RemoteStore, testInvalidations } from '../../support/remote-store.ts'
import { settled } from '../../support/settled.ts'
import { countedTable, type Faults, faultyTable } from '../../support/tables.ts'

const IDLE = 40_000
const HOUR = 3_600_000

/** A near cache whose clock jumps, before a table whose clock does not. */
async function rig() {
  const even = fakeClock(1_000_000_000)
  let ahead = 0
  const clock = { ...even, now: () => even.now() + ahead }
  const faults: Faults = {}
  const store = new RemoteStore(even, { idleTimeoutMs: IDLE, absoluteTimeoutMs: Number.POSITIVE_INFINITY })
  const calls = countedTable(faultyTable(store.table(prompt), faults))
  const table = Object.assign(calls, { idleTimeoutMs: IDLE, absoluteTimeoutMs: Number.POSITIVE_INFINITY })
  const invalidations = testInvalidations()
  const near = nearCache(table, { clock, maxWatchedAgeMs: Number.POSITIVE_INFINITY, invalidations })
  invalidations.tell.restored()
  await near.claim('a', 'pod-1')
  const jump = (ms: number) => {
    ahead += ms
  }
  return { even, jump, near, faults, store, calls: calls.calls }
}

it('asks again for what it has remembered when its clock goes back, and remembers that', async () => {
  const { near, jump, calls, even } = await rig()
  await near.lookup('a')
  expect(calls.lookup).toBe(0)
  jump(-HOUR)
  await near.lookup('a')
  await near.lookup('a')
  expect(calls.lookup).toBe(1)
  even.advance(1)
  await near.lookup('a')
  expect([calls.lookup, near.stats().entries]).toEqual([1, 1])
})

it('does not take a clock that is corrected by milliseconds for one that was set', async () => {
  const { near, jump, calls } = await rig()
  await near.lookup('a')
  jump(-50)
  await near.lookup('a')
  expect(calls.lookup).toBe(0)
})

it('tells uses in time whichever way its clock jumps, so that the binding stands', async () => {
  for (const ms of [HOUR, -HOUR, IDLE / 4, -IDLE / 4]) {
    const { near, jump, even, store } = await rig()
    for (let use = 0; use < 40; use++) {
      if (use % 7 === 0) jump(ms)
      await near.lookup('a')
      await settled()
      even.advance(IDLE / 10)
      expect(store.standing('a'), `jumps of ${ms} ms, use ${use}`).toBeDefined()
    }
  }
})

it('serves nothing from memory after its clock went back, while the table is away', async () => {
  const { near, jump, faults } = await rig()
  await near.lookup('a')
  faults.lookup = 'rejects'
  expect(near.lastKnown('a')).toMatchObject({ identity: 'pod-1' })
  jump(-HOUR)
  expect(near.lastKnown('a')).toBeUndefined()
})
