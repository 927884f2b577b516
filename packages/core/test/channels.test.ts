import diagnostics from 'node:diagnostics_channel'
import { inspect } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { type ChannelMessages, channels } from '../src/channels.ts'
import type { HealthCheck } from '../src/health/health-check.ts'
import type { KeySource } from '../src/key/key-source.ts'
import { createSticky } from '../src/sticky.ts'
import { memoryTable } from '../src/table/memory.ts'
import { fakeClock } from '../src/testing/fake-clock.ts'
import { fakeDiscovery } from '../src/testing/fake-discovery.ts'
import { bulkTable } from './support/bulk-table.ts'
import { settled } from './support/settled.ts'
import { type Fault, faultyTable } from './support/tables.ts'

const KEY = 's3cr3t-k3y'
const key: KeySource = { name: 'test key', read: () => KEY }
const POD_1 = { name: 'pod-1', host: '10.0.0.1', port: 80 }
const POD_2 = { name: 'pod-2', host: '10.0.0.2', port: 80 }
const REQUEST = { headers: {} }

const subscriptions: (() => void)[] = []

/** Every message of a channel from now to the end of the test. */
function listen<Name extends keyof ChannelMessages>(name: Name): ChannelMessages[Name][] {
  const messages: ChannelMessages[Name][] = []
  const listener = (message: unknown) => void messages.push(message as ChannelMessages[Name])
  diagnostics.subscribe(name, listener)
  subscriptions.push(() => diagnostics.unsubscribe(name, listener))
  return messages
}

describe('channels', () => {
  afterEach(() => {
    for (const unsubscribe of subscriptions.splice(0)) unsubscribe()
  })

  it('tell of a table that cannot follow the endpoints, which harms nobody else', async () => {
    const messages = listen('limpet:table:error')
    const routedBy = listen('limpet:endpoints')
    const fault = new Error('cannot follow')
    const fail = () => {
      throw fault
    }
    const table = { ...memoryTable(), bound: undefined, attach: () => fail, pickWithin: () => undefined }
    for (const method of ['lookup', 'claim', 'move', 'touch', 'release'] as const) {
      table[method] = fail
    }
    const sticky = createSticky({ key, name: 'carts', endpoints: [POD_1, POD_2], table, clock: fakeClock() })
    expect(await sticky.route(REQUEST)).toMatchObject({ kind: 'refused', reason: 'no-endpoints' })
    sticky.setWeight('pod-1', 2)
    await settled()
    expect(messages.filter(({ operation }) => operation === 'follow')).toEqual([
      { pool: 'carts', operation: 'follow', error: fault },
      { pool: 'carts', operation: 'follow', error: fault },
    ])
    expect(routedBy).toHaveLength(2)
    await sticky.close()
  })

  it('tell of every route that is given, successors and refusals included', async () => {
    const messages = listen('limpet:route')
    const sticky = createSticky({ key, name: 'carts', endpoints: [POD_1], clock: fakeClock() })
    const bound = await sticky.route(REQUEST)
    const refused = await bound.next(new Error('ECONNREFUSED'))
    expect(messages).toEqual([
      { pool: 'carts', route: bound },
      { pool: 'carts', route: refused },
    ])
    expect(messages.map(({ route }) => route.explain())).toEqual([
      'test key: miss, bound to pod-1',
      'test key: refused, no-endpoints: no endpoint could be connected',
    ])
  })

  it('tell of every snapshot, those that are here from the start included', () => {
    const messages = listen('limpet:endpoints')
    const discovery = fakeDiscovery()
    discovery.emit([POD_1])
    const sticky = createSticky({ key, endpoints: discovery })
    const first = sticky.endpoints
    discovery.emit([POD_1, POD_2])
    expect(messages).toEqual([
      { pool: 'default', set: first },
      { pool: 'default', set: sticky.endpoints },
    ])
  })

  it('tell of a failure that discovery survives', () => {
    const messages = listen('limpet:discovery:error')
    const discovery = fakeDiscovery()
    const sticky = createSticky({ key, endpoints: discovery })
    const error = new Error('SERVFAIL')
    discovery.report(error)
    void sticky.close()
    discovery.report(new Error('too late'))
    expect(messages).toEqual([{ pool: 'default', error, isFinal: false, asOf: undefined }])
  })

  it('tell of a discovery that gave up', async () => {
    const messages = listen('limpet:discovery:error')
    const discovery = fakeDiscovery()
    createSticky({ key, endpoints: discovery })
    const error = new Error('forbidden')
    discovery.fail(error)
    await settled()
    expect(messages).toEqual([{ pool: 'default', error, isFinal: true, asOf: undefined }])
  })

  it.each<Fault>(['throws', 'rejects'])('tell of a table that %s, with what it was asked', async (fault) => {
    const messages = listen('limpet:table:error')
    const error = new Error('connection lost')
    const faults: { [operation: string]: Fault } = { lookup: fault }
    const table = faultyTable(memoryTable(), faults, error)
    const sticky = createSticky({ key, endpoints: [POD_1, POD_2], table, clock: fakeClock() })
    await sticky.route(REQUEST)
    expect(messages).toEqual([{ pool: 'default', operation: 'lookup', error }])

    Object.assign(faults, { lookup: undefined, move: fault, release: fault })
    const bound = await sticky.route(REQUEST)
    const fallback = await bound.next(new Error('ECONNREFUSED'))
    await fallback.next(new Error('ECONNREFUSED'))
    await settled()
    expect(messages.slice(1)).toEqual([
      { pool: 'default', operation: 'move', error },
      { pool: 'default', operation: 'release', error },
    ])
  })

  it('tell of each binding that a request or a correction has moved, once', async () => {
    const messages = listen('limpet:move')
    const discovery = fakeDiscovery()
    discovery.emit([POD_1])
    const sticky = createSticky({
      key,
      name: 'carts',
      endpoints: discovery,
      clock: fakeClock(),
      minMoveIntervalMs: 0,
    })
    await sticky.route(REQUEST)
    discovery.emit([POD_2])
    const moved = await sticky.route(REQUEST)
    await sticky.route(REQUEST)
    discovery.emit([POD_1, POD_2])
    await moved.settle({ servedBy: 'pod-1' })
    await moved.settle({ servedBy: 'pod-1' })
    expect(messages).toEqual([
      { pool: 'carts', from: 'pod-1', to: 'pod-2', cause: 'gone' },
      { pool: 'carts', from: 'pod-2', to: 'pod-1', cause: 'corrected' },
    ])
  })

  it('tell of a binding that is put back since nobody answered', async () => {
    const messages = listen('limpet:move')
    const sticky = createSticky({ key, endpoints: [POD_1, POD_2], clock: fakeClock() })
    const bound = await sticky.route(REQUEST)
    bound.done()
    const home = bound.kind === 'bound' ? bound.endpoint.identity : expect.unreachable()
    const other = home === 'pod-1' ? 'pod-2' : 'pod-1'
    const stuck = await sticky.route(REQUEST)
    await (await stuck.next(new Error('ECONNREFUSED'))).next(new Error('ECONNREFUSED'))
    expect(messages).toEqual([
      { pool: 'default', from: home, to: other, cause: 'unreachable' },
      { pool: 'default', from: other, to: home, cause: 'restored' },
    ])
  })

  it('tell of each key that a rebalance moves', async () => {
    const messages = listen('limpet:move')
    const clock = fakeClock()
    const table = bulkTable(clock)
    table.fill('pod-1', 2)
    const sticky = createSticky({ key, endpoints: [POD_1, POD_2], table, clock })
    await sticky.rebalance({ share: 1, idleForMs: 0 })
    expect(messages).toEqual([{ pool: 'default', from: 'pod-1', to: 'pod-2', cause: 'rebalanced' }])
  })

  it('tell of an endpoint that traffic takes out, and that its time lets in', async () => {
    const messages = listen('limpet:health')
    const clock = fakeClock()
    const sticky = createSticky({
      key,
      name: 'carts',
      endpoints: [POD_1, POD_2],
      clock,
      passiveHealth: { connectFailures: 1 },
    })
    const route = await sticky.route(REQUEST)
    const identity = route.kind === 'bound' ? route.endpoint.identity : expect.unreachable()
    await route.next(new Error('ECONNREFUSED'))
    clock.advance(10_000)
    const common = { pool: 'carts', identity, error: undefined }
    expect(messages).toEqual([
      { ...common, isHealthy: false, reason: 'connect-failures' },
      { ...common, isHealthy: true, reason: 'ejection-over' },
    ])
  })

  it('tell of an endpoint that checks find failing, with what the last failed with', async () => {
    const messages = listen('limpet:health')
    const clock = fakeClock()
    const error = new Error('no answer')
    let isIll = true
    const healthCheck: HealthCheck = {
      name: 'fake',
      schedule: { intervalMs: 1_000, jitter: 0, timeoutMs: 900, rise: 1, fall: 1, maxConcurrent: 10 },
      probe: ({ identity }) => (isIll && identity === 'pod-1' ? Promise.reject(error) : Promise.resolve()),
    }
    const sticky = createSticky({ key, endpoints: [POD_1, POD_2], clock, healthCheck })
    const pass = async () => {
      for (let step = 0; step < 8; step++) {
        clock.advance(250)
        await settled()
      }
    }
    await pass()
    isIll = false
    await pass()
    await sticky.close()
    expect(messages).toEqual([
      { pool: 'default', identity: 'pod-1', isHealthy: false, reason: 'checks', error },
      { pool: 'default', identity: 'pod-1', isHealthy: true, reason: 'checks', error: undefined },
    ])
  })

  it('tell of drains when they begin and when they have ended, once each', async () => {
    const [began, ended] = [listen('limpet:drain'), listen('limpet:drained')]
    const discovery = fakeDiscovery()
    discovery.emit([POD_1, POD_2])
    const clock = fakeClock()
    const sticky = createSticky({ key, name: 'carts', endpoints: discovery, clock })
    const route = await sticky.route(REQUEST)
    const home = route.kind === 'bound' ? route.endpoint.identity : expect.unreachable()
    const empty = home === 'pod-1' ? 'pod-2' : 'pod-1'
    await Promise.all([sticky.drain(home, { deadlineMs: 500 }), sticky.drain(empty), clock.advance(500)])
    await sticky.drain(home)
    discovery.emit([POD_1])
    expect(began).toEqual([
      { pool: 'carts', identity: home },
      { pool: 'carts', identity: empty },
    ])
    expect(ended).toEqual([
      { pool: 'carts', identity: empty, outcome: { kind: 'drained', waitedMs: 0 } },
      { pool: 'carts', identity: home, outcome: { kind: 'deadline', cut: 1, waitedMs: 500 } },
    ])
  })

  it('tell of one snapshot for a burst of changes by the operator', async () => {
    const sticky = createSticky({ key, endpoints: [POD_1, POD_2], clock: fakeClock() })
    const messages = listen('limpet:endpoints')
    for (let weight = 1; weight <= 50; weight++) sticky.setWeight('pod-1', weight)
    await settled()
    expect(messages).toEqual([{ pool: 'default', set: sticky.endpoints }])
  })

  it('hold no key in any message', async () => {
    const names = [
      'limpet:route',
      'limpet:move',
      'limpet:endpoints',
      'limpet:health',
      'limpet:drain',
      'limpet:drained',
      'limpet:discovery:error',
      'limpet:table:error',
    ] as const satisfies readonly (keyof ChannelMessages)[]
    const messages = names.map((name) => listen(name))
    const [discovery, clock] = [fakeDiscovery(), fakeClock()]
    const faults: { [operation: string]: Fault } = {}
    const table = faultyTable(memoryTable({ clock }), faults)
    const sticky = createSticky({ key, endpoints: discovery, table, clock })
    discovery.emit([POD_1, POD_2])
    let route = await sticky.route(REQUEST)
    while (route.kind !== 'refused') route = await route.next()
    await sticky.route(REQUEST)
    faults.lookup = 'hangs'
    const late = sticky.route(REQUEST)
    clock.advance(250)
    expect((await late).kind).toBe('fallback')
    Object.assign(faults, { lookup: undefined })
    for (let time = 0; time < 3; time++) await (await sticky.route(REQUEST)).next(new Error('ECONNREFUSED'))
    await Promise.all([sticky.drain('pod-1', { deadlineMs: 0 }), clock.advance(1)])
    discovery.fail(new Error('forbidden'))
    await settled()
    for (const seen of messages) {
      expect(seen).not.toEqual([])
      expect(inspect(seen, { depth: 10, showHidden: true })).not.toContain(KEY)
    }
  })

  it('are told nothing, and nothing is built for them, while nobody listens', async () => {
    // A listener that came and went leaves the channel as it was.
    const early = listen('limpet:route')
    for (const unsubscribe of subscriptions.splice(0)) unsubscribe()
    const all = Object.values(channels)
    const publishers = all.map(({ publish }) => publish)
    for (const channel of all) channel.publish = () => expect.unreachable(String(channel.name))
    try {
      const discovery = fakeDiscovery()
      discovery.emit([POD_1, POD_2])
      const faults: { [operation: string]: Fault } = {}
      const [clock, table] = [fakeClock(), faultyTable(memoryTable(), faults)]
      const sticky = createSticky({
        key,
        endpoints: discovery,
        table,
        clock,
        passiveHealth: { connectFailures: 1 },
      })
      const route = await sticky.route(REQUEST)
      await route.next(new Error('ECONNREFUSED'))
      route.done()
      void sticky.drain('pod-1', { deadlineMs: 0 })
      faults.lookup = 'throws'
      await sticky.route(REQUEST)
      clock.advance(10_000)
      discovery.fail(new Error('forbidden'))
      await sticky.close()
    } finally {
      for (const [index, channel] of all.entries())
        channel.publish = publishers[index] as typeof channel.publish
    }
    expect(early).toEqual([])
  })
})
