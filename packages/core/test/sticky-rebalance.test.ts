import { describe, expect, it } from 'vitest'
import type { RebalanceOptions, RebalanceOutcome } from '../src/balance/rebalance-options.ts'
import { memoryTable } from '../src/table/memory.ts'
import { fakeClock } from '../src/testing/fake-clock.ts'
import { bulkTable } from './support/bulk-table.ts'
import { DRAINING, pod, pods, pool, served } from './support/pool.ts'
import { settled } from './support/settled.ts'
import { sharedTable } from './support/shared-table.ts'

const NOW = { share: 1, idleForMs: 0 }

/** `keys` keys on two pods, then a third. */
async function scaledOut(keys = 60) {
  const clock = fakeClock()
  const table = bulkTable(clock)
  const test = pool({ endpoints: pods(2), table, clock })
  for (let index = 0; index < keys; index++) served(test.route(`key-${index}`)).done()
  test.discovery.emit(pods(3))
  const run = async (options: RebalanceOptions): Promise<RebalanceOutcome> => {
    const seen: { outcome?: RebalanceOutcome } = {}
    test.sticky.rebalance(options).then((outcome) => {
      seen.outcome = outcome
    })
    await settled()
    while (!seen.outcome) {
      clock.advance(100)
      await settled()
    }
    return seen.outcome
  }
  const counts = () => ['pod-1', 'pod-2', 'pod-3'].map((identity) => table.countByEndpoint(identity))
  return { ...test, table, run, counts }
}

describe('rebalance()', () => {
  it('fills a pod that has come, and the moved keys stay there', async () => {
    const { run, counts, route, table, sticky } = await scaledOut()
    expect((await run(NOW)).ended).toBe('even')
    for (const count of counts()) expect(Math.abs(count - 20)).toBeLessThanOrEqual(1)
    for (const [key, home] of table.homes()) {
      expect(served(route(key))).toMatchObject({ kind: 'stuck', endpoint: { identity: home } })
    }
    expect(sticky.stats().moves).toEqual({ rebalanced: counts()[2] })
  })

  it('is never done unless it is asked for', async () => {
    const { clock, counts } = await scaledOut()
    clock.advance(1_000_000)
    expect(counts()[2]).toBe(0)
  })

  it('leaves keys that are in use where they are: lately by default, or by an open stream', async () => {
    const { run, counts, clock, route } = await scaledOut()
    expect((await run({ share: 1 })).moved).toBe(0)
    const streams = Array.from({ length: 60 }, (_, index) => served(route(`key-${index}`)))
    clock.advance(600_000)
    expect((await run(NOW)).moved).toBe(0)
    for (const stream of streams) stream.done()
    clock.advance(60_000)
    expect((await run({ share: 1 })).moved).toBe(counts()[2])
    expect(counts()[2]).toBeGreaterThan(0)
  })

  it('spreads over those alone that take new keys, by the operator’s weights too', async () => {
    const { run, counts, discovery, sticky } = await scaledOut()
    const before = counts()
    discovery.emit([pod(1), pod(2, DRAINING), pod(3)])
    sticky.setWeight('pod-3', 0)
    expect(await run(NOW)).toMatchObject({ moved: 0 })
    sticky.setWeight('pod-3', 3)
    await run(NOW)
    const [one, two, three] = counts() as [number, number, number]
    expect(two).toBe(before[1])
    expect(Math.abs(three - 3 * one)).toBeLessThanOrEqual(4)
  })

  it('does not move a key again that was moved within minMoveIntervalMs', async () => {
    const { run, sticky, counts, clock } = await scaledOut()
    await run({ ...NOW, perSecond: 1_000_000 })
    sticky.setWeight('pod-3', 0.01)
    const before = counts()
    await run({ ...NOW, perSecond: 1_000_000 })
    expect(counts()[2]).toBe(before[2])
    clock.advance(1_000)
    await run({ ...NOW, perSecond: 1_000_000 })
    expect(counts()[2]).toBeLessThan(before[2] as number)
  })

  it('ends with its signal', async () => {
    const { sticky, clock } = await scaledOut()
    clock.advance(1_000)
    expect(clock.pending).toBe(0)
    const operator = new AbortController()
    const seen = sticky.rebalance({ ...NOW, perSecond: 10, signal: operator.signal })
    await settled()
    operator.abort()
    expect(await seen).toMatchObject({ moved: 1, ended: 'aborted' })
    expect(clock.pending).toBe(0)
  })

  it('rejects with not-supported without a table that can do it', async () => {
    const clock = fakeClock()
    const { sticky } = pool({ endpoints: pods(2), table: sharedTable({ clock }), clock })
    await expect(sticky.rebalance({ share: 1 })).rejects.toMatchObject({ code: 'not-supported' })
  })

  it.each([{ share: 0 }, { share: 1, perSecond: 0 }, { share: 1, idle: 1 }])(
    'rejects %o',
    async (options) => {
      const { sticky } = await scaledOut()
      await expect(sticky.rebalance(options as never)).rejects.toMatchObject({ code: 'invalid-option' })
    },
  )

  // The memory table learns to move in bulk on a branch of its own.
  it.runIf('moveSlice' in memoryTable())('works on the memory table', async () => {
    const clock = fakeClock()
    const table = memoryTable({ clock })
    const { sticky, route, discovery } = pool({ endpoints: pods(2), table, clock })
    for (let index = 0; index < 60; index++) served(route(`key-${index}`)).done()
    discovery.emit(pods(3))
    const before = table.size
    expect(await sticky.rebalance({ ...NOW, perSecond: 1_000_000 })).toMatchObject({ ended: 'even' })
    for (const identity of ['pod-1', 'pod-2', 'pod-3']) {
      expect(Math.abs(table.countByEndpoint(identity) - 20)).toBeLessThanOrEqual(1)
    }
    expect(table.size).toBe(before)
  })
})
