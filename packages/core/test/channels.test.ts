import diagnostics from 'node:diagnostics_channel'
import { inspect } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import type { ChannelMessages } from '../src/channels.ts'
import type { KeySource } from '../src/key/key-source.ts'
import { createSticky } from '../src/sticky.ts'
import { memoryTable } from '../src/table/memory.ts'
import { fakeClock } from '../src/testing/fake-clock.ts'
import { fakeDiscovery } from '../src/testing/fake-discovery.ts'
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
    expect(messages).toEqual([{ pool: 'default', error, isFinal: false }])
  })

  it('tell of a discovery that gave up', async () => {
    const messages = listen('limpet:discovery:error')
    const discovery = fakeDiscovery()
    createSticky({ key, endpoints: discovery })
    const error = new Error('forbidden')
    discovery.fail(error)
    await settled()
    expect(messages).toEqual([{ pool: 'default', error, isFinal: true }])
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

  it('hold no key in any message', async () => {
    const names = [
      'limpet:route',
      'limpet:endpoints',
      'limpet:discovery:error',
      'limpet:table:error',
    ] as const
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
    const channel = diagnostics.channel('limpet:route')
    const publish = channel.publish
    channel.publish = () => expect.unreachable()
    try {
      const sticky = createSticky({ key, endpoints: [POD_1] })
      const route = await sticky.route(REQUEST)
      route.done()
    } finally {
      channel.publish = publish
    }
    expect(early).toEqual([])
  })
})
