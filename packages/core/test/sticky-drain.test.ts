import { describe, expect, it } from 'vitest'
import type { DrainOutcome } from '../src/endpoint/drains.ts'
import { memoryTable } from '../src/table/memory.ts'
import { fakeClock } from '../src/testing/fake-clock.ts'
import { brief, DRAINING, pod, pods, pool, refused, served, TERMINATED } from './support/pool.ts'
import { settled } from './support/settled.ts'

const IDLE = 10_000

/** Three pods and thirty keys. */
function drained(options: Parameters<typeof pool>[0] = {}) {
  const clock = fakeClock()
  const table = memoryTable({ clock, idleTimeoutMs: IDLE })
  const test = pool({ endpoints: pods(3), table, clock, ...options })
  const ask = (key: string) => {
    const given = served(test.route(key))
    given.done()
    return given
  }
  const keys = Array.from({ length: 30 }, (_, index) => `key-${index}`)
  for (const key of keys) ask(key)
  const of = (identity: string) => keys.filter((key) => table.lookup(key)?.identity === identity)
  return { ...test, table, ask, of, keys }
}

function watched(wait: Promise<DrainOutcome>): { outcome?: DrainOutcome; error?: unknown } {
  const seen: { outcome?: DrainOutcome; error?: unknown } = {}
  wait.then(
    (outcome) => {
      seen.outcome = outcome
    },
    (error: unknown) => {
      seen.error = error
    },
  )
  return seen
}

describe('drain()', () => {
  it('keeps the keys of the endpoint there, gives it no new ones, and ends when they have idled out', async () => {
    const { sticky, ask, of, clock } = drained()
    const [its, others] = [of('pod-2'), of('pod-1')]
    const seen = watched(sticky.drain('pod-2'))
    expect(sticky.endpoints?.availability('pod-2')).toEqual({ state: 'draining' })
    for (let index = 0; index < 100; index++) expect(ask(`new-${index}`).endpoint.identity).not.toBe('pod-2')
    clock.advance(IDLE - 1)
    const [kept] = its as [string]
    expect(brief(ask(kept))).toBe('stuck pod-2')
    clock.advance(IDLE - 1)
    await settled()
    expect(seen).toEqual({})
    clock.advance(500)
    await settled()
    expect(seen.outcome?.kind).toBe('drained')
    expect(others.length).toBeGreaterThan(0)
    expect(ask(kept).kind).toBe('bound')
  })

  it('at its deadline leaves the keys to onLost, cause drained, and says how many were cut', async () => {
    const { sticky, ask, of, clock, route } = drained({
      onLost: { drained: { action: 'fail', status: 410 } },
    })
    const its = of('pod-2')
    const seen = watched(sticky.drain('pod-2', { deadlineMs: 3_000 }))
    clock.advance(2_999)
    expect(brief(ask(its[0] as string))).toBe('stuck pod-2')
    clock.advance(1)
    await settled()
    expect(seen.outcome).toEqual({ kind: 'deadline', cut: its.length, waitedMs: 3_000 })
    expect(sticky.endpoints?.availability('pod-2')).toEqual({ state: 'down', cause: 'drained' })
    expect(refused(route(its[0]))).toMatchObject({ reason: 'lost', status: 410 })
  })

  it('at its deadline has keys bound elsewhere by default, at once', () => {
    const { sticky, ask, of } = drained()
    const its = of('pod-2')
    void sticky.drain('pod-2', { deadlineMs: 0 })
    for (const key of its) expect(ask(key)).toMatchObject({ kind: 'moved', from: 'pod-2', cause: 'drained' })
    expect(sticky.stats().moves).toEqual({ drained: its.length })
  })

  it('keeps through what discovery says of others, and ends when the endpoint is gone', async () => {
    const { sticky, discovery, of } = drained()
    const cut = of('pod-2').length
    const seen = watched(sticky.drain('pod-2'))
    discovery.emit(pods(4))
    await settled()
    expect(sticky.endpoints?.availability('pod-2')).toEqual({ state: 'draining' })
    expect(seen).toEqual({})
    discovery.emit([pod(1), pod(3)])
    await settled()
    expect(seen.outcome).toEqual({ kind: 'gone', cut, waitedMs: 0 })
  })

  it('ends when another process is at the name: that one is in service', async () => {
    const { sticky, discovery } = drained()
    const seen = watched(sticky.drain('pod-2'))
    discovery.emit([pod(1), pod(2, { host: '10.9.9.9' }), pod(3)])
    await settled()
    expect(seen.outcome?.kind).toBe('gone')
    expect(sticky.endpoints?.availability('pod-2')).toEqual({ state: 'ready' })
  })

  it('is called off by undrain: the endpoint takes new keys again', async () => {
    const { sticky, ask } = drained()
    const seen = watched(sticky.drain('pod-2'))
    expect(sticky.undrain('pod-2')).toBe(true)
    expect(sticky.undrain('pod-2')).toBe(false)
    await settled()
    expect(seen.outcome?.kind).toBe('undrained')
    const homes = new Set(Array.from({ length: 60 }, (_, index) => ask(`new-${index}`).endpoint.identity))
    expect(homes).toContain('pod-2')
  })

  it('is called off after its deadline too: keys that were not moved are back', async () => {
    const { sticky, ask, of } = drained()
    const its = of('pod-2')
    await sticky.drain('pod-2', { deadlineMs: 0 })
    expect(ask(its[0] as string).kind).toBe('moved')
    expect(sticky.undrain('pod-2')).toBe(true)
    expect(brief(ask(its[1] as string))).toBe('stuck pod-2')
  })

  it('ends one wait with its signal, and not the drain', async () => {
    const { sticky } = drained()
    const client = new AbortController()
    const [gone, staying] = [
      watched(sticky.drain('pod-2', { signal: client.signal })),
      watched(sticky.drain('pod-2')),
    ]
    client.abort('went away')
    await settled()
    expect([gone, staying]).toEqual([{ error: 'went away' }, {}])
    expect(sticky.endpoints?.availability('pod-2')).toEqual({ state: 'draining' })
  })

  it('of all endpoints leaves bound keys served and refuses new ones: no panic', () => {
    const { sticky, ask, keys, route } = drained()
    for (const { name } of pods(3)) void sticky.drain(name as string)
    for (const key of keys) expect(ask(key).kind).toBe('stuck')
    expect(brief(refused(route('new')))).toBe('refused no-endpoints')
    expect(sticky.stats().isPanic).toBe(false)
  })

  it.each<[object, string]>([
    [{ deadlineMs: -1 }, 'option "drain.deadlineMs": expected milliseconds from 0 to 2147483647, got -1'],
    [{ deadline: 1 }, 'option "drain.deadline" is unknown; known: deadlineMs, signal'],
  ])('rejects %o', async (options, message) => {
    const { sticky } = drained()
    await expect(sticky.drain('pod-2', options)).rejects.toMatchObject({ code: 'invalid-option', message })
    expect(sticky.endpoints?.availability('pod-2')).toEqual({ state: 'ready' })
  })

  it('rejects an endpoint that the pool does not know, as undrain and setWeight throw', async () => {
    const { sticky, discovery } = drained()
    discovery.emit(pods(2))
    const unknown = { code: 'unknown-identity', message: 'no endpoint of the pool has the identity "pod-3"' }
    await expect(sticky.drain('pod-3')).rejects.toMatchObject(unknown)
    expect(() => sticky.undrain('pod-3')).toThrow(unknown.message)
    expect(() => sticky.setWeight('pod-3', 1)).toThrow(unknown.message)
  })
})

describe('an endpoint that terminates', () => {
  it('keeps its keys as long as it serves, however long, without a deadline', () => {
    const { discovery, clock, ask, of } = drained()
    const [key] = of('pod-2') as [string]
    discovery.emit([pod(1), pod(2, DRAINING), pod(3)])
    for (let time = 0; time < 50; time++) {
      clock.advance(IDLE - 1)
      expect(brief(ask(key))).toBe('stuck pod-2')
    }
  })

  it('keeps its keys until drainDeadlineMs; then they are lost to the cause drained', () => {
    const { discovery, clock, ask, of } = drained({ drainDeadlineMs: 5_000 })
    const [one, two] = of('pod-2') as [string, string]
    discovery.emit([pod(1), pod(2, DRAINING), pod(3)])
    clock.advance(4_999)
    expect(brief(ask(one))).toBe('stuck pod-2')
    clock.advance(1)
    expect(ask(two)).toMatchObject({ kind: 'moved', from: 'pod-2', cause: 'drained' })
  })

  it('loses them to the cause terminated when it serves no longer', () => {
    const { discovery, ask, of } = drained()
    const [key] = of('pod-2') as [string]
    discovery.emit([pod(1), pod(2, DRAINING), pod(3)])
    discovery.emit([pod(1), pod(2, TERMINATED), pod(3)])
    expect(ask(key)).toMatchObject({ kind: 'moved', from: 'pod-2', cause: 'terminated' })
  })
})

describe('setWeight()', () => {
  it('of 0 takes the endpoint out of placement and leaves its keys; undefined gives discovery’s back', () => {
    const { sticky, ask, of } = drained()
    const its = of('pod-2')
    sticky.setWeight('pod-2', 0)
    for (const key of its) expect(brief(ask(key))).toBe('stuck pod-2')
    for (let index = 0; index < 60; index++) expect(ask(`new-${index}`).endpoint.identity).not.toBe('pod-2')
    sticky.setWeight('pod-2', undefined)
    const homes = new Set(Array.from({ length: 60 }, (_, index) => ask(`newer-${index}`).endpoint.identity))
    expect(homes).toContain('pod-2')
  })

  it('moves no key, and gives new ones by the new share', () => {
    const { sticky, ask, keys, table } = drained()
    const before = keys.map((key) => table.lookup(key)?.identity)
    sticky.setWeight('pod-2', 8)
    expect(keys.map((key) => ask(key).endpoint.identity)).toEqual(before)
    const fresh = Array.from({ length: 500 }, (_, index) => ask(`new-${index}`).endpoint.identity)
    expect(fresh.filter((home) => home === 'pod-2').length / 500).toBeCloseTo(0.8, 1)
  })

  it('outlasts updates of discovery, and is forgotten with its endpoint', () => {
    const { sticky, discovery } = drained()
    sticky.setWeight('pod-2', 5)
    discovery.emit([pod(1), pod(2, { weight: 9 }), pod(3)])
    expect(sticky.stats().endpoints.map(({ weight }) => weight)).toEqual([1, 5, 1])
    discovery.emit([pod(1)])
    discovery.emit(pods(2))
    expect(sticky.stats().endpoints.map(({ weight }) => weight)).toEqual([1, 1])
  })

  it.each([-1, 65_536, Number.NaN, '1', null])('refuses %o', (weight) => {
    const { sticky } = drained()
    expect(() => sticky.setWeight('pod-2', weight as number)).toThrow(
      'option "setWeight.weight": expected a number from 0 to 65535, or undefined',
    )
  })

  it('that changes nothing makes no snapshot', async () => {
    const { sticky } = drained()
    sticky.setWeight('pod-2', 3)
    const before = sticky.endpoints
    sticky.setWeight('pod-2', 3)
    await settled()
    expect(sticky.endpoints).toBe(before)
  })
})
