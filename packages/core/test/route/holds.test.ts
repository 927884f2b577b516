import { describe, expect, it } from 'vitest'
import type { PoolSnapshot } from '../../src/endpoint/pool-snapshot.ts'
import type { WaitEnd } from '../../src/route/bounded-waits.ts'
import { Holds } from '../../src/route/holds.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { snapshotOf } from '../support/endpoints.ts'
import { DRAINING, NOT_READY, pod, pods, TERMINATED } from '../support/pool.ts'
import { settled } from '../support/settled.ts'

function held(snapshot: PoolSnapshot, limitMs = 1_000) {
  const clock = fakeClock()
  const holds = new Holds(clock)
  const seen: { end?: WaitEnd } = {}
  holds.wait('pod-1', snapshot, limitMs, 10, undefined).then((end) => {
    seen.end = end
  })
  const look = async (next: PoolSnapshot) => {
    holds.look(next)
    await settled()
    return seen.end
  }
  return { clock, holds, seen, look }
}

describe('a request that is held', () => {
  it.each([
    ['gone', snapshotOf([pod(2)])],
    ['not ready', snapshotOf([pod(1, NOT_READY), pod(2)])],
    ['terminated', snapshotOf([pod(1, TERMINATED)])],
  ])('for an endpoint that is %s goes on when it can be used', async (_what, lost) => {
    const { look, holds, clock } = held(lost)
    expect(await look(lost)).toBeUndefined()
    expect(await look(snapshotOf([pod(1, NOT_READY), pod(3)]))).toBeUndefined()
    expect(await look(snapshotOf([pod(1), pod(3)]))).toBe('woken')
    expect([holds.size, clock.pending]).toEqual([0, 0])
  })

  it('goes on when the endpoint is back and drains: it serves its keys', async () => {
    const { look } = held(snapshotOf([pod(1, NOT_READY)]))
    expect(await look(snapshotOf([pod(1, DRAINING)]))).toBe('woken')
  })

  it('for one that looks usable waits until it was down and is back, at the same address', async () => {
    const usable = snapshotOf(pods(2))
    const { look } = held(usable)
    expect(await look(usable)).toBeUndefined()
    expect(await look(snapshotOf([pod(2)]))).toBeUndefined()
    expect(await look(usable)).toBe('woken')
  })

  it('for one that looks usable goes on when it is another, never seen down', async () => {
    const { look } = held(snapshotOf(pods(2)))
    expect(await look(snapshotOf([pod(1, { host: '10.9.9.9' }), pod(2)]))).toBe('woken')
  })

  it('is not woken by another endpoint', async () => {
    const { look } = held(snapshotOf([pod(2, NOT_READY)]))
    expect(await look(snapshotOf([pod(2)]))).toBeUndefined()
  })

  it('goes on with its time, and is forgotten then', async () => {
    const { clock, seen, look, holds } = held(snapshotOf([]), 300)
    clock.advance(300)
    await settled()
    expect(seen.end).toBe('timeout')
    expect(await look(snapshotOf(pods(1)))).toBe('timeout')
    expect(holds.size).toBe(0)
  })

  it('is one of several of the same endpoint, each with its own time', async () => {
    const { clock, holds, seen, look } = held(snapshotOf([]), 300)
    const longer = holds.wait('pod-1', snapshotOf([]), 900, 10, undefined)
    clock.advance(300)
    await settled()
    expect([seen.end, holds.size]).toEqual(['timeout', 1])
    await look(snapshotOf(pods(1)))
    expect(await longer).toBe('woken')
  })

  it('counts for the bound with all others of the pool', async () => {
    const { holds } = held(snapshotOf([]))
    expect(await holds.wait('pod-2', snapshotOf([]), 100, 1, undefined)).toBe('queue-full')
    void holds.wait('pod-2', snapshotOf([]), 100, 2, undefined)
    expect(holds.size).toBe(2)
  })

  it('ends with its request and with the pool', async () => {
    const { holds, seen, clock } = held(snapshotOf([]))
    const client = new AbortController()
    const aborted = holds.wait('pod-1', snapshotOf([]), 100, 10, client.signal)
    client.abort()
    expect(await aborted).toBe('aborted')
    holds.close()
    await settled()
    expect(seen.end).toBe('closed')
    expect(clock.pending).toBe(0)
  })
})
