import { describe, expect, it } from 'vitest'
import { type DrainOutcome, memoryTable } from '../../src/index.ts'
import { fakeClock } from '../../src/testing/index.ts'
import { homes, keysAt, keysNamed, replica, web, webs } from '../support/replica.ts'
import { settled } from '../support/settled.ts'
import { countedTable } from '../support/tables.ts'

const MINUTE = 60_000
const TERMINATING = { conditions: { ready: false, serving: true, terminating: true } }
const UNREADY = { conditions: { ready: false, serving: false } }

function ending(wait: Promise<DrainOutcome>): { outcome?: DrainOutcome } {
  const seen: { outcome?: DrainOutcome } = {}
  wait.then((outcome) => {
    seen.outcome = outcome
  })
  return seen
}

describe('8. Drain by Terminating', () => {
  it('its keys stay, no new key joins, the count falls as keys idle out or are unbound, drained fires once, at zero', async () => {
    const clock = fakeClock()
    const table = memoryTable({ clock, idleTimeoutMs: 10 * MINUTE })
    const gateway = replica(webs(3), { table, clock })
    const its = keysAt(await homes(gateway, keysNamed('user', 60)), 'web-2')
    const [active, unbound] = its as [string, string]
    gateway.discovery.emit([web(1), web(2, TERMINATING), web(3)])
    const seen = ending(gateway.sticky.drain('web-2'))
    expect(keysAt(await homes(gateway, keysNamed('new', 100)), 'web-2')).toEqual([])
    clock.advance(9 * MINUTE)
    expect(await gateway.send(active)).toBe('web-2')
    table.release(unbound)
    expect(table.countByEndpoint('web-2')).toBe(its.length - 1)
    clock.advance(2 * MINUTE)
    await settled()
    expect([table.countByEndpoint('web-2'), seen]).toEqual([1, {}])
    clock.advance(8 * MINUTE)
    await settled()
    expect(seen.outcome).toEqual({ kind: 'drained', waitedMs: 19 * MINUTE })
  })
})

describe('9. Drain deadline', () => {
  it('keys that never stop follow the failure policy at the deadline; it says how many were cut; a wait never hangs', async () => {
    const gateway = replica(webs(3), {
      drainDeadlineMs: 30_000,
      onLost: { drained: { action: 'fail', status: 503 } },
    })
    const its = keysAt(await homes(gateway, keysNamed('user', 60)), 'web-2')
    gateway.discovery.emit([web(1), web(2, TERMINATING), web(3)])
    const preStop = ending(gateway.sticky.drain('web-2'))
    for (let second = 0; second < 29; second++) {
      gateway.clock.advance(1_000)
      for (const key of its) expect(await gateway.send(key)).toBe('web-2')
    }
    expect(preStop).toEqual({})
    gateway.clock.advance(1_000)
    await settled()
    expect(preStop.outcome).toEqual({ kind: 'deadline', cut: its.length, waitedMs: 30_000 })
    for (const key of its) expect(await gateway.route(key)).toMatchObject({ reason: 'lost', status: 503 })
    const late = ending(gateway.sticky.drain('web-2'))
    await settled()
    expect(late).toEqual(preStop)
  })

  it('a preStop wait has its own limit: its signal', async () => {
    const gateway = replica(webs(3))
    await homes(gateway, keysNamed('user', 60))
    const limit = new AbortController()
    const wait = gateway.sticky.drain('web-2', { signal: limit.signal })
    limit.abort(new Error('preStop has waited long enough'))
    await expect(wait).rejects.toThrow('preStop has waited long enough')
  })
})

describe('10. Not ready but not terminating', () => {
  const hold = { action: 'hold', limitMs: 2_000 } as const

  it('with rebind, hold 2 s and fail: three observably different results', async () => {
    const results: string[] = []
    for (const onLost of ['rebind', hold, { action: 'fail', status: 404 }] as const) {
      const gateway = replica(webs(3), { onLost })
      const [key] = keysAt(await homes(gateway, keysNamed('user', 60)), 'web-2') as [string]
      gateway.discovery.emit([web(1), web(2, UNREADY), web(3)])
      const asked = gateway.route(key)
      await settled()
      gateway.clock.advance(2_000)
      const route = await asked
      results.push(route.kind === 'refused' ? `${route.reason} ${route.status}` : route.kind)
    }
    expect(results).toEqual(['moved', 'hold-timeout undefined', 'lost 404'])
  })

  it('under hold, a pod that returns after 1 s keeps its key', async () => {
    const gateway = replica(webs(3), { onLost: hold })
    const [key] = keysAt(await homes(gateway, keysNamed('user', 60)), 'web-2') as [string]
    gateway.discovery.emit([web(1), web(2, UNREADY), web(3)])
    const asked = gateway.send(key)
    gateway.clock.advance(1_000)
    gateway.discovery.emit(webs(3))
    expect(await asked).toBe('web-2')
  })
})

describe('11. StatefulSet restart', () => {
  it('identity by name keeps every key when the pod returns with another address', async () => {
    const gateway = replica(webs(3))
    const keys = keysNamed('user', 60)
    const before = await homes(gateway, keys)
    gateway.discovery.emit([web(1), web(3)])
    gateway.discovery.emit([web(1), web(2, { host: '10.9.9.9' }), web(3)])
    expect(await homes(gateway, keys)).toEqual(before)
    const [key] = keysAt(before, 'web-2') as [string]
    expect(await gateway.route(key)).toMatchObject({ kind: 'stuck', endpoint: { host: '10.9.9.9' } })
  })

  it('identity by uid moves them, and says from which', async () => {
    const gateway = replica([web(1, { identity: 'uid-1' }), web(2, { identity: 'uid-2' })])
    const its = keysAt(await homes(gateway, keysNamed('user', 60)), 'uid-2')
    gateway.discovery.emit([web(1, { identity: 'uid-1' }), web(2, { identity: 'uid-9', host: '10.9.9.9' })])
    for (const key of its)
      expect(await gateway.route(key)).toMatchObject({ kind: 'moved', from: 'uid-2', cause: 'gone' })
  })
})

describe('12. Address reuse', () => {
  it('a new pod on the address of a deleted one gets no old key, also when delete and add arrive in one event', async () => {
    const gateway = replica([web(1, { identity: 'uid-1' }), web(2, { identity: 'uid-2' })], {
      onLost: 'fail',
    })
    const its = keysAt(await homes(gateway, keysNamed('user', 60)), 'uid-2')
    gateway.discovery.emit([web(1, { identity: 'uid-1' }), web(2, { identity: 'uid-9' })])
    expect(its.length).toBeGreaterThan(0)
    for (const key of its) expect(await gateway.send(key)).toBe('refused lost')
  })
})

describe('14. All pods gone', () => {
  it('new and bound keys are refused; when pods return, service resumes without a restart', async () => {
    const gateway = replica(webs(3))
    const keys = keysNamed('user', 60)
    const before = await homes(gateway, keys)
    gateway.discovery.emit([])
    for (const key of ['user-0', 'new', undefined])
      expect(await gateway.send(key)).toBe('refused no-endpoints')
    gateway.discovery.emit(webs(3))
    expect(await homes(gateway, keys)).toEqual(before)
    expect(await gateway.send('new')).toMatch(/^web-/)
  })

  it('a chosen 404 for bound keys works', async () => {
    const gateway = replica(webs(1), { onLost: { gone: { action: 'fail', status: 404 } } })
    await gateway.send('bound')
    gateway.discovery.emit([])
    expect(await gateway.route('bound')).toMatchObject({ reason: 'lost', status: 404 })
    expect(await gateway.route('new')).toMatchObject({ reason: 'no-endpoints', status: undefined })
  })
})

describe('16. Idle and absolute time', () => {
  it('idle 10 min and absolute 1 h with a request every 9 min: the key moves only at 1 h', async () => {
    const clock = fakeClock()
    const table = memoryTable({ clock, idleTimeoutMs: 10 * MINUTE, absoluteTimeoutMs: 60 * MINUTE })
    const gateway = replica(webs(3), { table, clock })
    const kinds: string[] = []
    for (let minute = 0; minute <= 63; minute += 9) {
      const route = await gateway.route('user')
      kinds.push(`${minute} ${route.kind}`)
      route.done()
      clock.advance(9 * MINUTE)
    }
    const stuck = [9, 18, 27, 36, 45, 54].map((minute) => `${minute} stuck`)
    expect(kinds).toEqual(['0 bound', ...stuck, '63 bound'])
  })

  it('an open stream counts as use, at no more than a touch per quarter of the idle timeout', async () => {
    const clock = fakeClock()
    const table = countedTable(memoryTable({ clock, idleTimeoutMs: 10 * MINUTE }))
    const gateway = replica(webs(3), { table, clock })
    const stream = await gateway.route('user')
    clock.advance(120 * MINUTE)
    expect(table.calls.touch).toBeGreaterThan(0)
    expect(table.calls.touch).toBeLessThanOrEqual(120 / 2.5)
    expect((await gateway.route('user')).kind).toBe('stuck')
    stream.done()
  })
})
