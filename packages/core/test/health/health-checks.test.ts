import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Endpoint, EndpointInit } from '../../src/endpoint/endpoint.ts'
import { type EndpointSet, endpointSet } from '../../src/endpoint/endpoint-set.ts'
import { type CheckScheduleOptions, checkSchedule } from '../../src/health/check-schedule.ts'
import { HealthChecks } from '../../src/health/health-checks.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { fakeRandom } from '../../src/testing/fake-random.ts'
import { settled } from '../support/settled.ts'

/** A probe that the test answers. */
interface Asked {
  readonly endpoint: Endpoint
  readonly at: number
  readonly signal: AbortSignal
  pass(): Promise<void>
  fail(reason?: unknown): Promise<void>
}

const pods = (count: number): EndpointSet => endpointSet(Array.from({ length: count }, (_, i) => pod(i)))
const pod = (index: number, changes: Partial<EndpointInit> = {}): EndpointInit => ({
  name: `web-${index}`,
  host: `10.0.${index >> 8}.${index & 255}`,
  port: 80,
  ...changes,
})

function start(options: CheckScheduleOptions = {}, random: () => number = () => 0.5) {
  const clock = fakeClock(0)
  const asked: Asked[] = []
  const changes: string[] = []
  const reasons: unknown[] = []
  const checks = new HealthChecks(
    {
      name: 'test',
      schedule: checkSchedule('check', { jitter: 0, ...options }),
      probe: (endpoint, signal) =>
        new Promise((resolve, reject) => {
          const answer = (settle: () => void) => {
            settle()
            return settled()
          }
          asked.push({
            endpoint,
            at: clock.now(),
            signal,
            pass: () => answer(resolve),
            fail: (reason) => answer(() => reject(reason)),
          })
        }),
    },
    {
      clock,
      random,
      changed: (identity, verdict, reason) => {
        changes.push(`${identity} ${verdict} @${clock.now()}`)
        reasons.push(reason)
      },
    },
  )
  const last = () => asked.at(-1) as Asked
  return { clock, checks, asked, changes, reasons, last }
}

describe('HealthChecks', () => {
  it('asks a single endpoint at once, and its first check alone decides', async () => {
    const { clock, checks, asked, changes, last } = start()
    checks.update(pods(1))
    expect(checks.verdict('web-0')).toBe('unknown')
    clock.advance(0)
    expect(asked).toHaveLength(1)
    await last().pass()
    expect(changes).toEqual(['web-0 passing @0'])
    expect(checks.verdict('web-0')).toBe('passing')
    checks.close()
  })

  it('goes through a whole life as rise and fall say', async () => {
    const { clock, checks, changes, reasons, last } = start({ intervalMs: 1_000, rise: 2, fall: 3 })
    checks.update(pods(1))
    clock.advance(0)
    const reason = new Error('refused')
    for (const result of '---+-++--+---') {
      await (result === '+' ? last().pass() : last().fail(reason))
      clock.advance(1_000)
    }
    expect(changes).toEqual(['web-0 failing @0', 'web-0 passing @6000', 'web-0 failing @12000'])
    expect(reasons).toEqual([reason, undefined, reason])
    checks.close()
  })

  it('asks none of the endpoints that go together, though their turns come free one by one', () => {
    const { clock, checks, asked } = start({ maxConcurrent: 2, timeoutMs: 60_000 })
    checks.update(pods(100))
    clock.advance(2_000)
    expect(asked).toHaveLength(2)
    checks.update(endpointSet([pod(100)]))
    expect(asked.map(({ signal }) => signal.aborted)).toEqual([true, true])
    clock.advance(2_000)
    expect(asked.slice(2).map(({ endpoint }) => endpoint.identity)).toEqual(['web-100'])
    checks.close()
  })

  it('takes a probe that throws for a failed one', async () => {
    const clock = fakeClock(0)
    const changes: unknown[] = []
    const checks = new HealthChecks(
      {
        name: 'test',
        schedule: checkSchedule('check', {}),
        probe() {
          throw new Error('bug')
        },
      },
      { clock, random: () => 0, changed: (...change) => changes.push(change) },
    )
    checks.update(pods(1))
    clock.advance(0)
    await settled()
    expect(changes).toEqual([['web-0', 'failing', new Error('bug')]])
    checks.close()
    expect(clock.pending).toBe(0)
  })

  it('counts the wait from the end of a check, so that a slow endpoint is not asked without a pause', async () => {
    const { clock, checks, asked, last } = start({ intervalMs: 1_000, timeoutMs: 5_000 })
    checks.update(pods(1))
    clock.advance(3_000)
    expect(asked.map(({ at }) => at)).toEqual([0])
    await last().pass()
    clock.advance(999)
    expect(asked).toHaveLength(1)
    clock.advance(1)
    expect(asked.map(({ at }) => at)).toEqual([0, 4_000])
    checks.close()
  })

  it('keeps every wait within the interval and its jitter, and uses all of it', async () => {
    const { clock, checks, asked, last } = start({ intervalMs: 1_000, jitter: 0.2 }, fakeRandom(3))
    checks.update(pods(1))
    clock.advance(0)
    for (let i = 0; i < 300; i++) {
      await last().pass()
      clock.advance(1_200)
    }
    // Each check is answered at once after the clock stood 1 200 ms further than the one before was answered.
    const waits = asked.slice(1).map(({ at }, index) => at - index * 1_200)
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(800)
    expect(Math.min(...waits)).toBeLessThan(820)
    expect(Math.max(...waits)).toBeLessThanOrEqual(1_200)
    expect(Math.max(...waits)).toBeGreaterThan(1_180)
    checks.close()
  })

  it.each([
    [2, 2_000, 10],
    [50, 2_000, 490],
    [5_000, 2_000, 2_000],
  ])(
    'spreads the first checks of %i endpoints at an interval of %i ms over %i ms',
    (count, intervalMs, spread) => {
      const { clock, checks, asked } = start(
        { intervalMs, maxConcurrent: 65_535, timeoutMs: 60_000 },
        fakeRandom(5),
      )
      checks.update(pods(count))
      clock.advance(spread)
      expect(asked).toHaveLength(count)
      const early = asked.filter(({ at }) => at <= spread / 2).length
      if (count > 2) expect(early / count).toBeCloseTo(0.5, 0)
      checks.close()
    },
  )

  it('fails a check that takes too long, tells so, and aborts it', async () => {
    const { clock, checks, changes, reasons, last } = start({ timeoutMs: 300, intervalMs: 1_000 })
    checks.update(pods(1))
    clock.advance(299)
    expect(last().signal.aborted).toBe(false)
    clock.advance(1)
    expect(last().signal.aborted).toBe(true)
    expect(changes).toEqual(['web-0 failing @300'])
    expect(reasons).toMatchObject([
      { code: 'check-failed', message: 'test of web-0: expected an answer within 300 ms, got none' },
    ])
    const late = last()
    clock.advance(1_000)
    // Its answer, however late, is that of a check that is over.
    await late.pass()
    await late.fail()
    expect(checks.verdict('web-0')).toBe('failing')
    await last().pass()
    clock.advance(1_000)
    await last().pass()
    expect(changes.at(-1)).toBe('web-0 passing @2300')
    checks.close()
  })

  it('goes on when probes never settle: they hold no turn', () => {
    const { clock, checks, asked } = start({ maxConcurrent: 2, timeoutMs: 100, intervalMs: 1_000 })
    checks.update(pods(6))
    clock.advance(350)
    expect(asked).toHaveLength(6)
    clock.advance(1_000)
    expect(asked.filter(({ endpoint }) => endpoint.identity === 'web-0')).toHaveLength(2)
    checks.close()
    expect(clock.pending).toBe(0)
  })

  it('has no more checks under way than allowed, and takes turns', async () => {
    const { clock, checks, asked } = start({ maxConcurrent: 3, intervalMs: 1_000, timeoutMs: 60_000 })
    checks.update(pods(8))
    clock.advance(1_000)
    expect(asked).toHaveLength(3)
    for (let answered = 0; answered < 16; answered++) {
      await asked[answered]?.pass()
      clock.advance(1_000)
      expect(asked).toHaveLength(answered + 4)
    }
    const order = asked.slice(0, 16).map(({ endpoint }) => endpoint.identity)
    expect(order.slice(8)).toEqual(order.slice(0, 8))
    checks.close()
  })

  it('keeps the score of an endpoint whose weight, zone or conditions change, and asks it while it terminates', async () => {
    const { clock, checks, changes, last } = start({ intervalMs: 1_000, fall: 2 })
    checks.update(endpointSet([pod(0)]))
    clock.advance(0)
    await last().pass()
    clock.advance(1_000)
    await last().fail()
    checks.update(endpointSet([pod(0, { weight: 0, zone: 'b', conditions: { terminating: true } })]))
    clock.advance(1_000)
    expect(last().endpoint.conditions.terminating).toBe(true)
    await last().fail()
    expect(changes).toEqual(['web-0 passing @0', 'web-0 failing @2000'])
    checks.close()
  })

  it.each([
    ['host', { host: '10.9.9.9' }],
    ['port', { port: 81 }],
    ['protocol', { protocol: 'https:' as const }],
  ])('starts anew when the %s changes, and ends the check of the old address', async (_what, change) => {
    const { clock, checks, changes, last } = start()
    checks.update(endpointSet([pod(0)]))
    clock.advance(0)
    await last().fail()
    clock.advance(2_000)
    const old = last()
    checks.update(endpointSet([pod(0, change)]))
    expect(old.signal.aborted).toBe(true)
    expect(checks.verdict('web-0')).toBe('unknown')
    await old.pass()
    expect(checks.verdict('web-0')).toBe('unknown')
    clock.advance(0)
    expect(last().endpoint).toMatchObject(change)
    await last().pass()
    expect(changes).toEqual(['web-0 failing @0', 'web-0 passing @2000'])
    checks.close()
  })

  it('forgets an endpoint that is gone, whether it waits, is queued or is asked', async () => {
    const { clock, checks, asked, changes, last } = start({ maxConcurrent: 1, timeoutMs: 60_000 })
    checks.update(pods(3))
    clock.advance(2_000)
    expect(asked).toHaveLength(1)
    checks.update(endpointSet([pod(2)]))
    expect(asked[0]?.signal.aborted).toBe(true)
    expect(last().endpoint.identity).toBe('web-2')
    await last().pass()
    checks.update(endpointSet([]))
    expect(clock.pending).toBe(0)
    expect(checks.verdict('web-2')).toBe('unknown')
    checks.update(pods(1))
    clock.advance(0)
    expect(last().endpoint.identity).toBe('web-0')
    expect(changes).toEqual(['web-2 passing @2000'])
    checks.close()
  })

  it('changes nothing on an equal snapshot', () => {
    const { clock, checks, asked } = start({ timeoutMs: 60_000 })
    checks.update(pods(2))
    clock.advance(10)
    checks.update(pods(2))
    clock.advance(10)
    expect(asked).toHaveLength(2)
    expect(asked.every(({ signal }) => !signal.aborted)).toBe(true)
    checks.close()
  })

  it('ends everything on close, twice, and is silent after', async () => {
    const { clock, checks, asked, changes } = start({ maxConcurrent: 2 })
    checks.update(pods(5))
    clock.advance(50)
    checks.close()
    checks.close()
    expect(asked.map(({ signal }) => signal.aborted)).toEqual([true, true])
    expect(clock.pending).toBe(0)
    for (const each of asked) await each.pass()
    checks.update(pods(5))
    clock.advance(10_000)
    expect([asked.length, changes, clock.pending, checks.verdict('web-0')]).toEqual([2, [], 0, 'unknown'])
  })

  it('may be closed and updated by the one that it tells', async () => {
    const clock = fakeClock(0)
    const seen: string[] = []
    const checks: HealthChecks = new HealthChecks(
      { name: 'test', schedule: checkSchedule('check', {}), probe: async () => undefined },
      {
        clock,
        random: () => 0,
        changed: (identity) => {
          seen.push(identity)
          if (seen.length === 1) checks.update(endpointSet([pod(1), pod(2)]))
          else checks.close()
        },
      },
    )
    checks.update(endpointSet([pod(0)]))
    clock.advance(0)
    await settled()
    clock.advance(0)
    await settled()
    expect(seen).toEqual(['web-0', 'web-1'])
    expect(clock.pending).toBe(0)
  })

  it('never asks one endpoint twice at once, nor more than allowed, whatever happens', async () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('update' as const),
        names: fc.subarray([0, 1, 2, 3, 4]),
        port: fc.constantFrom(80, 81),
      }),
      fc.record({ kind: fc.constant('advance' as const), ms: fc.integer({ min: 0, max: 400 }) }),
      fc.record({ kind: fc.constant('answer' as const), pick: fc.nat(20), isHealthy: fc.boolean() }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.nat(), async (steps, seed) => {
        const clock = fakeClock(0)
        const underWay = new Map<Asked, true>()
        const checks = new HealthChecks(
          {
            name: 'test',
            schedule: checkSchedule('check', { maxConcurrent: 2, intervalMs: 100, timeoutMs: 150 }),
            probe: (endpoint, signal) =>
              new Promise<void>((resolve, reject) => {
                const settle = (run: () => void) => async () => {
                  underWay.delete(asked)
                  run()
                }
                const asked: Asked = {
                  endpoint,
                  at: 0,
                  signal,
                  pass: settle(resolve),
                  fail: settle(() => reject()),
                }
                signal.addEventListener('abort', () => underWay.delete(asked))
                underWay.set(asked, true)
                const names = [...underWay.keys()].map((other) => other.endpoint.identity)
                expect(new Set(names).size).toBe(names.length)
                expect(names.length).toBeLessThanOrEqual(2)
              }),
          },
          { clock, random: fakeRandom(seed), changed: () => undefined },
        )
        for (const each of steps) {
          if (each.kind === 'update')
            checks.update(endpointSet(each.names.map((name) => pod(name, { port: each.port }))))
          else if (each.kind === 'advance') clock.advance(each.ms)
          else {
            const asked = [...underWay.keys()][each.pick % Math.max(1, underWay.size)]
            await (each.isHealthy ? asked?.pass() : asked?.fail())
            await settled()
          }
        }
        checks.close()
        expect([clock.pending, underWay.size]).toEqual([0, 0])
      }),
      { numRuns: 60 },
    )
  })
})
