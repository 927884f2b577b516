import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { type DrainOutcome, Drains } from '../../src/endpoint/drains.ts'
import type { EndpointInit } from '../../src/endpoint/endpoint.ts'
import type { EndpointState } from '../../src/endpoint/endpoint-state.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { snapshotOf, statesOf } from '../support/endpoints.ts'
import { DRAINING, pod, pods, TERMINATED } from '../support/pool.ts'
import { settled } from '../support/settled.ts'

/** Three pods with five keys each, unless `bound` says otherwise; `undefined` = nobody counts. */
function drains(
  deadlineMs = Number.POSITIVE_INFINITY,
  counted = true,
  confirm?: (identity: string) => Promise<boolean>,
) {
  const clock = fakeClock()
  const bound: { [identity: string]: number } = { 'pod-1': 5, 'pod-2': 5, 'pod-3': 5 }
  const told: unknown[] = []
  const states = statesOf(pods(3))
  const subject = new Drains({
    clock,
    deadlineMs,
    bound: (identity) => (counted ? (bound[identity] ?? 0) : undefined),
    confirm,
    changed: () => void told.push('changed'),
    began: (identity) => void told.push(`${identity} began`),
    ended: (identity, { kind }) => void told.push(`${identity} ${kind}`),
  })
  const state = (number: number) => states.get(`pod-${number}`) as EndpointState
  const follow = (endpoints: readonly EndpointInit[]) => subject.follow(snapshotOf(endpoints, states))
  return { subject, clock, bound, told, state, follow }
}

/** What a wait has come to so far. */
function watched(wait: Promise<DrainOutcome>): { outcome?: DrainOutcome; error?: unknown } {
  const seen: { outcome?: DrainOutcome; error?: unknown } = {}
  wait.then(
    (outcome) => (seen.outcome = outcome),
    (error: unknown) => (seen.error = error),
  )
  return seen
}

describe('a drain by the operator', () => {
  it('ends when the last key has ended, once, and leaves no timer', async () => {
    const { subject, clock, bound, told, state } = drains()
    const seen = watched(subject.drain(state(1), undefined))
    expect(state(1).drain).toBe('draining')
    expect(told).toEqual(['changed', 'pod-1 began'])
    clock.advance(1_000)
    bound['pod-1'] = 1
    clock.advance(1_000)
    await settled()
    expect(seen).toEqual({})
    bound['pod-1'] = 0
    clock.advance(250)
    await settled()
    expect(seen).toEqual({ outcome: { kind: 'drained', waitedMs: 2_250 } })
    expect(told).toEqual(['changed', 'pod-1 began', 'pod-1 drained'])
    clock.advance(10_000)
    expect(told).toHaveLength(3)
    expect(clock.pending).toBe(0)
    expect(state(1).drain).toBe('draining')
  })

  it('ends at once where no key is bound', async () => {
    const { subject, clock, bound, told, state } = drains()
    bound['pod-1'] = 0
    expect(await subject.drain(state(1), 5_000)).toEqual({ kind: 'drained', waitedMs: 0 })
    expect(told).toEqual(['changed', 'pod-1 began', 'pod-1 drained'])
    expect(clock.pending).toBe(0)
  })

  it('cuts those that are left at its deadline, to the millisecond', async () => {
    const { subject, clock, told, state } = drains()
    const seen = watched(subject.drain(state(1), 700))
    clock.advance(699)
    expect(state(1).drain).toBe('draining')
    clock.advance(1)
    expect(state(1).drain).toBe('over')
    await settled()
    expect(seen).toEqual({ outcome: { kind: 'deadline', cut: 5, waitedMs: 700 } })
    expect(told).toEqual(['changed', 'pod-1 began', 'pod-1 deadline', 'changed'])
    expect(clock.pending).toBe(0)
  })

  it('with the deadline 0 cuts at once', async () => {
    const { subject, state } = drains()
    expect(await subject.drain(state(1), 0)).toEqual({ kind: 'deadline', cut: 5, waitedMs: 0 })
    expect(state(1).drain).toBe('over')
  })

  it('is joined by a second call, whose deadline replaces the first', async () => {
    const { subject, clock, told, state } = drains()
    const one = watched(subject.drain(state(1), 60_000))
    clock.advance(1_000)
    const other = watched(subject.drain(state(1), 2_000))
    clock.advance(2_000)
    await settled()
    const outcome = { kind: 'deadline', cut: 5, waitedMs: 3_000 }
    expect([one, other]).toEqual([{ outcome }, { outcome }])
    expect(told.filter((each) => each === 'pod-1 began')).toHaveLength(1)
  })

  it('keeps its deadline when it is joined without one', async () => {
    const { subject, clock, state } = drains()
    const one = watched(subject.drain(state(1), 2_000))
    watched(subject.drain(state(1), undefined))
    clock.advance(2_000)
    await settled()
    expect(one.outcome?.kind).toBe('deadline')
  })

  it('answers as it has ended, until it is called off', async () => {
    const { subject, bound, told, state } = drains()
    bound['pod-1'] = 0
    const outcome = await subject.drain(state(1), undefined)
    bound['pod-1'] = 3
    expect(await subject.drain(state(1), undefined)).toBe(outcome)
    expect(subject.undrain(state(1))).toBe(true)
    const again = watched(subject.drain(state(1), 0))
    await settled()
    expect(again.outcome).toEqual({ kind: 'deadline', cut: 3, waitedMs: 0 })
    expect(told.filter((each) => each === 'pod-1 began')).toHaveLength(2)
  })

  it('is called off by undrain, which tells all who wait', async () => {
    const { subject, clock, told, state, follow } = drains()
    const waits = [watched(subject.drain(state(1), 60_000)), watched(subject.drain(state(1), undefined))]
    clock.advance(1_500)
    expect(subject.undrain(state(1))).toBe(true)
    follow(pods(3))
    await settled()
    for (const wait of waits) expect(wait).toEqual({ outcome: { kind: 'undrained', waitedMs: 1_500 } })
    expect(state(1).drain).toBe('none')
    expect(told).toEqual(['changed', 'pod-1 began', 'changed', 'pod-1 undrained'])
    expect(subject.undrain(state(1))).toBe(false)
    expect(told).toHaveLength(4)
    expect(clock.pending).toBe(0)
  })

  it('goes on when one of those who wait goes away', async () => {
    const { subject, clock, bound, state } = drains()
    const client = new AbortController()
    const gone = watched(subject.drain(state(1), undefined, client.signal))
    const staying = watched(subject.drain(state(1), undefined))
    client.abort(new Error('client went away'))
    await settled()
    expect(gone).toEqual({ error: new Error('client went away') })
    expect(staying).toEqual({})
    bound['pod-1'] = 0
    clock.advance(250)
    await settled()
    expect(staying.outcome?.kind).toBe('drained')
    expect(gone).toEqual({ error: new Error('client went away') })
  })

  it('is begun by one who has gone already, too', async () => {
    const { subject, told, state } = drains()
    const seen = watched(subject.drain(state(1), undefined, AbortSignal.abort('gone')))
    await settled()
    expect(seen).toEqual({ error: 'gone' })
    expect(told).toEqual(['changed', 'pod-1 began'])
  })

  it('ends when its endpoint is gone, or stops serving, with how many were cut', async () => {
    const { subject, told, state, follow } = drains()
    const waits = [watched(subject.drain(state(1), undefined)), watched(subject.drain(state(2), undefined))]
    follow([pod(2, TERMINATED), pod(3)])
    await settled()
    for (const wait of waits) expect(wait).toEqual({ outcome: { kind: 'gone', cut: 5, waitedMs: 0 } })
    expect(told.slice(-2)).toEqual(['pod-1 gone', 'pod-2 gone'])
  })

  it('ends as gone when another process is at its name', async () => {
    const { subject, state } = drains()
    const seen = watched(subject.drain(state(1), undefined))
    subject.follow(snapshotOf(pods(3)))
    await settled()
    expect(seen).toEqual({ outcome: { kind: 'gone', cut: 5, waitedMs: 0 } })
  })

  it('ends when the pool is closed, and leaves no timer', async () => {
    const { subject, clock, state } = drains()
    const seen = watched(subject.drain(state(1), 60_000))
    subject.close()
    await settled()
    expect(seen).toEqual({ outcome: { kind: 'undrained', waitedMs: 0 } })
    expect(clock.pending).toBe(0)
  })

  it('leaves no listener on the signals of those who waited', async () => {
    const { subject, state, clock } = drains()
    const client = new AbortController()
    const seen = watched(subject.drain(state(1), 500, client.signal))
    expect(getEventListeners(client.signal, 'abort')).toHaveLength(1)
    clock.advance(500)
    await settled()
    expect(seen.outcome?.kind).toBe('deadline')
    expect(getEventListeners(client.signal, 'abort')).toHaveLength(0)
  })
})

describe('a drain by discovery', () => {
  it('begins when an endpoint terminates and serves, and ends at zero keys, once', () => {
    const { clock, bound, told, follow } = drains()
    follow([pod(1, DRAINING), pod(2), pod(3)])
    follow([pod(1, DRAINING), pod(2), pod(3)])
    expect(told).toEqual(['pod-1 began'])
    bound['pod-1'] = 0
    clock.advance(250)
    expect(told).toEqual(['pod-1 began', 'pod-1 drained'])
    follow([pod(1, DRAINING), pod(2), pod(3)])
    follow([pod(2), pod(3)])
    clock.advance(10_000)
    expect(told).toEqual(['pod-1 began', 'pod-1 drained'])
    expect(clock.pending).toBe(0)
  })

  it('has the deadline of the pool', () => {
    const { clock, told, state, follow } = drains(30_000)
    follow([pod(1, DRAINING), pod(2), pod(3)])
    clock.advance(29_999)
    expect(state(1).drain).toBe('none')
    clock.advance(1)
    expect(state(1).drain).toBe('over')
    expect(told).toEqual(['pod-1 began', 'pod-1 deadline', 'changed'])
  })

  it('is none for one that terminates without serving', () => {
    const { told, clock, follow } = drains()
    follow([pod(1, TERMINATED), pod(2), pod(3)])
    expect(told).toEqual([])
    expect(clock.pending).toBe(0)
  })

  it('ends as gone when the endpoint stops serving or leaves', () => {
    const { told, follow } = drains()
    follow([pod(1, DRAINING), pod(2, DRAINING), pod(3)])
    follow([pod(1, TERMINATED), pod(3)])
    expect(told).toEqual(['pod-1 began', 'pod-2 began', 'pod-1 gone', 'pod-2 gone'])
  })

  it('is called off when the endpoint terminates no longer', () => {
    const { told, clock, follow } = drains()
    follow([pod(1, DRAINING), pod(2), pod(3)])
    follow(pods(3))
    expect(told).toEqual(['pod-1 began', 'pod-1 undrained'])
    expect(clock.pending).toBe(0)
  })

  it('is joined by the operator’s, which stands when discovery changes its mind', async () => {
    const { subject, clock, bound, told, state, follow } = drains(30_000)
    follow([pod(1, DRAINING), pod(2), pod(3)])
    clock.advance(1_000)
    const seen = watched(subject.drain(state(1), undefined))
    follow(pods(3))
    expect(told).toEqual(['pod-1 began', 'changed'])
    bound['pod-1'] = 0
    clock.advance(250)
    await settled()
    expect(seen).toEqual({ outcome: { kind: 'drained', waitedMs: 1_250 } })
  })

  it('that met its deadline is called off too when the endpoint terminates no longer', () => {
    const { clock, state, follow } = drains(1_000)
    follow([pod(1, DRAINING), pod(2), pod(3)])
    clock.advance(1_000)
    follow([pod(1, DRAINING), pod(2), pod(3)])
    expect(state(1).drain).toBe('over')
    follow(pods(3))
    expect(state(1).drain).toBe('none')
  })

  it('that met its deadline and was then asked for by the operator stands when discovery changes its mind', async () => {
    const { subject, clock, state, follow } = drains(1_000)
    follow([pod(1, DRAINING), pod(2), pod(3)])
    clock.advance(1_000)
    expect(await subject.drain(state(1), undefined)).toMatchObject({ kind: 'deadline' })
    follow(pods(3))
    expect(state(1).drain).toBe('over')
    expect(subject.undrain(state(1))).toBe(true)
    expect(state(1).drain).toBe('none')
  })
})

describe('a drain whose counts are approximate', () => {
  it('ends when the count of zero is confirmed, one question at a time', async () => {
    const answers: ((isUnbound: boolean) => void)[] = []
    const confirm = () => new Promise<boolean>((resolve) => answers.push(resolve))
    const { subject, clock, bound, state } = drains(undefined, true, confirm)
    const seen = watched(subject.drain(state(1), undefined))
    bound['pod-1'] = 0
    clock.advance(1_000)
    await settled()
    expect([answers.length, seen]).toEqual([1, {}])
    answers[0]?.(false)
    await settled()
    clock.advance(250)
    expect([answers.length, seen]).toEqual([2, {}])
    answers[1]?.(true)
    await settled()
    expect(seen).toEqual({ outcome: { kind: 'drained', waitedMs: 1_250 } })
    expect(clock.pending).toBe(0)
  })

  it('asks again after a failure, and meets its deadline all the same', async () => {
    let asked = 0
    const confirm = async () => {
      asked++
      throw new Error('away')
    }
    const { subject, clock, bound, state } = drains(undefined, true, confirm)
    const seen = watched(subject.drain(state(1), 1_000))
    bound['pod-1'] = 0
    for (let step = 0; step < 4; step++) {
      clock.advance(250)
      await settled()
    }
    expect(asked).toBeGreaterThan(2)
    expect(seen).toEqual({ outcome: { kind: 'deadline', cut: 0, waitedMs: 1_000 } })
  })

  it('that was called off is not ended by a late answer', async () => {
    const answers: ((isUnbound: boolean) => void)[] = []
    const confirm = () => new Promise<boolean>((resolve) => answers.push(resolve))
    const { subject, bound, state, told, follow } = drains(undefined, true, confirm)
    bound['pod-1'] = 0
    const seen = watched(subject.drain(state(1), undefined))
    subject.undrain(state(1))
    follow(pods(3))
    answers[0]?.(true)
    await settled()
    expect(seen.outcome).toMatchObject({ kind: 'undrained' })
    expect(told.filter((words) => words === 'pod-1 drained')).toEqual([])
  })
})

describe('drains', () => {
  it('that nobody counts keys for end at their deadline only', async () => {
    const { subject, clock, state } = drains(Number.POSITIVE_INFINITY, false)
    const seen = watched(subject.drain(state(1), undefined))
    expect(clock.pending).toBe(0)
    watched(subject.drain(state(1), 5_000))
    clock.advance(5_000)
    await settled()
    expect(seen).toEqual({ outcome: { kind: 'deadline', cut: undefined, waitedMs: 5_000 } })
  })

  it('have no timer while there is none', () => {
    const { clock, follow } = drains()
    follow(pods(3))
    expect(clock.pending).toBe(0)
  })

  it.each([true, false])('keep each its own deadline (keys counted: %s)', async (counted) => {
    const { subject, clock, state } = drains(Number.POSITIVE_INFINITY, counted)
    const [late, soon] = [watched(subject.drain(state(1), 60_000)), watched(subject.drain(state(2), 110))]
    clock.advance(110)
    await settled()
    expect([late.outcome, soon.outcome?.kind]).toEqual([undefined, 'deadline'])
    clock.advance(60_000 - 110)
    await settled()
    expect(late.outcome?.kind).toBe('deadline')
    expect(clock.pending).toBe(0)
  })
})
