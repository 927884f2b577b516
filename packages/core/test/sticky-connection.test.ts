import { describe, expect, it } from 'vitest'
import { createSticky, type Sticky } from '../src/sticky.ts'
import type { StickyOptions } from '../src/sticky-options.ts'
import { memoryTable } from '../src/table/memory.ts'
import { fakeClock } from '../src/testing/fake-clock.ts'
import { type FakeDiscovery, fakeDiscovery } from '../src/testing/fake-discovery.ts'
import { fakeRandom } from '../src/testing/fake-random.ts'
import { boundTo, brief, pods, REFUSED, served, testKey } from './support/pool.ts'
import { countedTable } from './support/tables.ts'

const IDLE = 10_000

function setUp(more: Partial<StickyOptions> = {}) {
  const clock = fakeClock()
  const table = countedTable(memoryTable({ clock, idleTimeoutMs: IDLE }))
  const discovery: FakeDiscovery = fakeDiscovery()
  discovery.emit(pods(3))
  const sticky: Sticky = createSticky({
    key: testKey,
    random: fakeRandom(),
    countsAsUse: 'connection',
    table,
    clock,
    ...more,
    endpoints: discovery,
  })
  return { clock, table, discovery, sticky }
}

/** The requests of one downstream connection. */
function connection(sticky: Sticky) {
  const socket = { remoteAddress: '10.9.9.9' }
  return (key?: string) => served(sticky.route({ headers: key === undefined ? {} : { k: key }, socket }))
}

describe("countsAsUse: 'connection'", () => {
  it('has one request of a connection ask the table, and the others follow it', () => {
    const { sticky, table } = setUp()
    const request = connection(sticky)
    const home = request('a').endpoint.identity
    for (let i = 0; i < 5; i++) expect(brief(request('a'))).toBe(`stuck ${home}`)
    expect(table.calls).toMatchObject({ lookup: 1, claim: 1 })
  })

  it('ends a binding that many requests but no new connection came for', async () => {
    const { sticky, table, clock } = setUp()
    const request = connection(sticky)
    const home = request('a').endpoint.identity
    for (let at = 0; at < IDLE; at += 1_000) {
      request('a')
      clock.advance(1_000)
    }
    expect(await boundTo(table, 'a')).toBeUndefined()
    // The connection itself is moved by that as little as kube-proxy moves one.
    expect(brief(request('a'))).toBe(`stuck ${home}`)
    expect(brief(connection(sticky)('a'))).toMatch(/^bound /)
  })

  it('starts the idle timeout again with each new connection', () => {
    const { sticky, clock } = setUp()
    const home = connection(sticky)('a').endpoint.identity
    for (let i = 0; i < 5; i++) {
      clock.advance(IDLE - 1)
      expect(brief(connection(sticky)('a'))).toBe(`stuck ${home}`)
    }
  })

  it('does not take an open stream for use', async () => {
    const { sticky, table, clock } = setUp()
    const route = connection(sticky)('a')
    clock.advance(IDLE)
    route.done()
    expect(await boundTo(table, 'a')).toBeUndefined()
    expect(table.calls.touch).toBe(0)
  })

  it('asks the table again for another key of the same connection', () => {
    const { sticky, table } = setUp()
    const request = connection(sticky)
    for (const key of ['a', 'b', 'a']) request(key)
    expect(table.calls.lookup).toBe(3)
  })

  it('counts every request that comes without a connection', () => {
    const { sticky, clock } = setUp()
    const home = served(sticky.route({ headers: { k: 'a' } })).endpoint.identity
    for (let i = 0; i < 5; i++) {
      clock.advance(IDLE - 1)
      expect(brief(served(sticky.route({ headers: { k: 'a' } })))).toBe(`stuck ${home}`)
    }
  })

  it('moves the key when the endpoint of a connection is gone, and follows from then on', async () => {
    const { sticky, table, discovery } = setUp()
    const request = connection(sticky)
    const home = request('a').endpoint.identity
    discovery.emit(pods(3).filter(({ name }) => name !== home))
    const moved = request('a')
    expect(moved).toMatchObject({ kind: 'moved', from: home })
    expect(brief(request('a'))).toBe(`stuck ${moved.endpoint.identity}`)
    expect(await boundTo(table, 'a')).toBe(moved.endpoint.identity)
  })

  it('follows what another connection has moved the key to, when its own endpoint is gone', () => {
    const { sticky, discovery } = setUp()
    const [first, second] = [connection(sticky), connection(sticky)]
    const home = first('a').endpoint.identity
    second('a')
    discovery.emit(pods(3).filter(({ name }) => name !== home))
    const to = first('a').endpoint.identity
    expect(brief(second('a'))).toBe(`stuck ${to}`)
  })

  it('goes by the binding that a failed connection to the endpoint has led to', () => {
    const { sticky } = setUp()
    const request = connection(sticky)
    const route = request('a')
    const after = served(route.next(REFUSED))
    expect(after.endpoint.identity).not.toBe(route.endpoint.identity)
    expect(brief(request('a'))).toBe(`stuck ${after.endpoint.identity}`)
  })

  it('follows the binding that the answer of another endpoint has corrected', () => {
    const { sticky } = setUp()
    const request = connection(sticky)
    const route = request('a')
    const other = route.endpoint.identity === 'pod-1' ? 'pod-2' : 'pod-1'
    void route.settle({ servedBy: other })
    expect(brief(request('a'))).toBe(`stuck ${other}`)
  })

  it.each([
    ['fail', 'fail'],
    ['detour', 'detour'],
    ['hold', { action: 'hold', limitMs: 60_000 }],
  ] as const)('asks the table where its endpoint is lost and the policy is %s', (_action, onLost) => {
    const { sticky, table, discovery } = setUp({ onLost })
    const request = connection(sticky)
    const home = request('a').endpoint.identity
    discovery.emit(pods(3).filter(({ name }) => name !== home))
    // An operator ends the binding, and another connection of the client makes a new one.
    void table.release('a')
    const to = connection(sticky)('a').endpoint.identity
    expect(brief(request('a'))).toBe(`stuck ${to}`)
  })

  it('remembers no detour', () => {
    const { sticky, discovery } = setUp({ onLost: 'detour' })
    const request = connection(sticky)
    const home = request('a').endpoint.identity
    discovery.emit(pods(3).filter(({ name }) => name !== home))
    expect(request('a').kind).toBe('detour')
    discovery.emit(pods(3))
    expect(brief(request('a'))).toBe(`stuck ${home}`)
  })

  it('is chosen for each request by a function', () => {
    const { sticky, table } = setUp({
      countsAsUse: ({ headers }) => ((headers as { k?: string }).k === 'a' ? 'connection' : 'request'),
    })
    const request = connection(sticky)
    for (const key of ['a', 'a', 'a']) request(key)
    expect(table.calls.lookup).toBe(1)
    for (const key of ['b', 'b', 'b']) request(key)
    expect(table.calls.lookup).toBe(4)
  })

  it('is refused for another word', () => {
    expect(() => setUp({ countsAsUse: 'stream' as 'request' })).toThrow(
      `option "createSticky.countsAsUse": expected 'request' or 'connection'`,
    )
  })
})
