import { describe, expect, it } from 'vitest'
import type { DrainOutcome } from '../src/endpoint/drains.ts'
import type { HealthCheck } from '../src/health/health-check.ts'
import { memoryTable } from '../src/table/memory.ts'
import type { StickyTable } from '../src/table/sticky-table.ts'
import { type FakeClock, fakeClock } from '../src/testing/fake-clock.ts'
import { brief, DRAINING, NOT_READY, pod, pods, pool, REFUSED, served } from './support/pool.ts'
import { settled } from './support/settled.ts'
import { countedTable } from './support/tables.ts'

/** A table that other replicas may share, and that does not count. */
function uncounted(clock: FakeClock): StickyTable {
  return countedTable(memoryTable({ clock }))
}

// Histories that the laws of sticky-laws.test.ts have found, at their shortest.

describe('a request that went elsewhere and fails there', () => {
  it('goes to the endpoint of its key if that is back, and leaves the binding as it is', () => {
    const { route, discovery, table } = pool({
      endpoints: pods(3),
      onLost: { 'not-ready': 'detour' },
      passiveHealth: false,
    })
    const home = served(route('key')).endpoint.identity
    const number = Number(home.slice('pod-'.length))
    discovery.emit([...pods(3).filter(({ name }) => name !== home), pod(number, NOT_READY)])
    const detour = served(route('key'))
    expect(detour.kind).toBe('detour')
    discovery.emit(pods(3))
    expect(brief(served(detour.next(REFUSED)))).toBe(`stuck ${home}`)
    expect(table.lookup('key')).toMatchObject({ identity: home })
  })

  it('follows the binding that another request has made meanwhile', () => {
    const { route, discovery } = pool({
      endpoints: [pod(1), pod(2, DRAINING)],
      maxBoundPerEndpoint: 1,
      onCapacity: 'unstored',
    })
    served(route('first')).done()
    const unstored = served(route('key'))
    expect(unstored).toMatchObject({ kind: 'overflow', stored: false })
    discovery.emit([pod(1), pod(2)])
    expect(served(route('key')).endpoint.identity).toBe('pod-2')
    expect(brief(served(unstored.next(REFUSED)))).toBe('stuck pod-2')
  })
})

describe('a request that has waited for its endpoint up to the limit', () => {
  it('follows its key, which was moved meanwhile', async () => {
    const clock = fakeClock()
    const { route, discovery, table } = pool({
      clock,
      table: memoryTable({ clock }),
      endpoints: [pod(1)],
      onLost: { action: 'hold', limitMs: 1_000 },
    })
    served(route('key'))
    discovery.emit([pod(1, NOT_READY), pod(2)])
    const held = route('key')
    const binding = await table.lookup('key')
    if (binding) await table.move('key', binding, 'pod-2')
    clock.advance(1_000)
    expect(brief(await held)).toBe('stuck pod-2')
  })

  it('is answered as the loss is by then', async () => {
    const clock = fakeClock()
    const { route, discovery } = pool({
      clock,
      endpoints: [pod(1)],
      onLost: { 'not-ready': { action: 'hold', limitMs: 1_000 }, gone: 'rebind' },
    })
    served(route('key'))
    discovery.emit([pod(1, NOT_READY), pod(2)])
    const held = route('key')
    discovery.emit([pod(2)])
    clock.advance(1_000)
    expect(brief(await held)).toBe('moved pod-2')
  })
})

describe('a drain', () => {
  it('ends at a deadline that is sooner than those set before, also where nobody counts keys', async () => {
    const clock = fakeClock()
    const table = uncounted(clock)
    const { sticky } = pool({
      clock,
      endpoints: pods(2),
      table,
    })
    void sticky.drain('pod-1', { deadlineMs: 60_000 })
    let outcome: DrainOutcome | undefined
    void sticky.drain('pod-2', { deadlineMs: 100 }).then((ended) => {
      outcome = ended
    })
    await settled()
    clock.advance(100)
    await settled()
    expect(outcome).toEqual({ kind: 'deadline', cut: undefined, waitedMs: 100 })
    await sticky.close()
  })

  it('goes on if the operator calls it off while discovery calls the endpoint terminating', async () => {
    const { route, sticky, discovery, clock, table } = pool({ endpoints: [pod(1)] })
    served(route('key')).done()
    discovery.emit([pod(1, DRAINING)])
    const drained = sticky.drain('pod-1', { deadlineMs: 500 })
    expect(sticky.undrain('pod-1')).toBe(true)
    await settled()
    clock.advance(1_000)
    await table.release('key')
    clock.advance(250)
    expect(await drained).toEqual({ kind: 'drained', waitedMs: 1_250 })
  })
})

describe('health', () => {
  it('moves keys of a shared table for an endpoint whose checks fail, once that has lasted', async () => {
    const clock = fakeClock()
    const table = uncounted(clock)
    const sick = new Set<string>()
    const schedule = { intervalMs: 100, jitter: 0, timeoutMs: 9_000, rise: 1, fall: 1, maxConcurrent: 9 }
    const healthCheck: HealthCheck = {
      name: 'test',
      schedule,
      probe: async ({ identity }) => {
        if (sick.has(identity)) throw new Error('sick')
      },
    }
    const { route, sticky } = pool({
      clock,
      endpoints: pods(3),
      table,
      healthCheck,
      confirmLoss: { afterMs: 5_000 },
    })
    const home = served(route('key')).endpoint.identity
    clock.advance(100)
    await settled()
    sick.add(home)
    clock.advance(100)
    await settled()
    expect(served(route('key')).kind).toBe('detour')
    clock.advance(4_999)
    await settled()
    expect(served(route('key')).kind).toBe('detour')
    clock.advance(1)
    await settled()
    expect(served(route('key'))).toMatchObject({ kind: 'moved', from: home, cause: 'unreachable' })
    await sticky.close()
  })

  it('is not spoiled by the late failures of endpoints that are gone', () => {
    const { route, sticky, discovery } = pool({
      endpoints: pods(2),
      passiveHealth: { connectFailures: 1, errors: 1, maxEjectedShare: 0.5 },
    })
    const late = served(route('key'))
    const gone = late.endpoint.identity
    const [stays] = pods(2).filter(({ name }) => name !== gone)
    discovery.emit([stays as ReturnType<typeof pod>, pod(3)])
    late.next(REFUSED)
    // The share of the pool that may be out, one of two, is still to be had.
    served(route()).next(REFUSED)
    expect(sticky.stats().endpoints.map(({ ejections }) => ejections)).toContain(1)
  })
})

it('an operator can give weight to an endpoint that has none, also for detours', () => {
  const { route, sticky, discovery } = pool({ endpoints: [pod(1), pod(2, { weight: 0 })], onLost: 'detour' })
  expect(served(route('key')).endpoint.identity).toBe('pod-1')
  sticky.setWeight('pod-2', 1)
  discovery.emit([pod(1, NOT_READY), pod(2, { weight: 0 })])
  expect(brief(served(route('key')))).toBe('detour pod-2')
})
