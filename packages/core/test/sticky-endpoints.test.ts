import { describe, expect, it } from 'vitest'
import { random } from '../src/balance/random.ts'
import { roundRobin } from '../src/balance/round-robin.ts'
import type { EndpointInit } from '../src/endpoint/endpoint.ts'
import {
  boundTo,
  brief,
  DRAINING,
  NOT_READY,
  pod,
  pods,
  pool,
  REFUSED,
  refused,
  served,
  TERMINATED,
  type TestPool,
} from './support/pool.ts'

const KEYS = Array.from({ length: 120 }, (_, index) => `key-${index}`)

/** Where each key goes now. */
function homes({ route }: TestPool): Map<string, string> {
  return new Map(
    KEYS.map((key) => {
      const given = served(route(key))
      given.done()
      return [key, given.endpoint.identity]
    }),
  )
}

function keysOf(of: Map<string, string>, identity: string): string[] {
  return KEYS.filter((key) => of.get(key) === identity)
}

function without(endpoints: EndpointInit[], identity: string): EndpointInit[] {
  return endpoints.filter(({ name }) => name !== identity)
}

describe('an endpoint that comes', () => {
  it.each([undefined, random(), roundRobin()])('moves no key (%#)', (placement) => {
    const test = pool({ endpoints: pods(3), ...(placement && { placement }) })
    const before = homes(test)
    test.discovery.emit(pods(10))
    expect(homes(test)).toEqual(before)
  })

  it('gets its share of new keys', () => {
    const test = pool({ endpoints: pods(2) })
    test.discovery.emit(pods(3))
    expect(keysOf(homes(test), 'pod-3').length).toBeGreaterThan(20)
  })
})

describe('an endpoint that goes', () => {
  it.each([undefined, random(), roundRobin()])('moves its own keys, once, and no other (%#)', (placement) => {
    const test = pool({ endpoints: pods(4), ...(placement && { placement }) })
    const before = homes(test)
    test.discovery.emit(without(pods(4), 'pod-2'))
    for (const key of KEYS) {
      const given = served(test.route(key))
      const wasThere = before.get(key) === 'pod-2'
      expect(given.kind).toBe(wasThere ? 'moved' : 'stuck')
      if (given.kind === 'moved') expect(given.from).toBe('pod-2')
      else expect(given.endpoint.identity).toBe(before.get(key))
    }
    const after = homes(test)
    test.discovery.emit(pods(4))
    expect(homes(test)).toEqual(after)
    for (const key of KEYS) expect(served(test.route(key)).kind).toBe('stuck')
  })

  it.each([
    ['not ready', NOT_READY],
    ['terminated', TERMINATED],
  ])('is the same as one that is %s', (_state, conditions) => {
    const test = pool({ endpoints: [pod(1)] })
    served(test.route('a'))
    test.discovery.emit([pod(1, conditions), pod(2)])
    expect(served(test.route('a'))).toMatchObject({
      kind: 'moved',
      from: 'pod-1',
      endpoint: { identity: 'pod-2' },
    })
  })

  it('keeps its keys when it comes back before anyone has asked for them', () => {
    const test = pool({ endpoints: pods(3) })
    const before = homes(test)
    test.discovery.emit(pods(1))
    test.discovery.emit(pods(3))
    expect(homes(test)).toEqual(before)
  })

  it('keeps its keys while no other can take them', async () => {
    const { route, discovery, table } = pool({ endpoints: [pod(1)] })
    served(route('a'))
    for (const others of [[], [pod(2, DRAINING)], [pod(2, { weight: 0 })], [pod(2, NOT_READY)]]) {
      discovery.emit(others)
      expect(refused(route('a'))).toMatchObject({ reason: 'no-endpoints' })
      expect(await boundTo(table, 'a')).toBe('pod-1')
    }
    discovery.emit([pod(1)])
    expect(brief(served(route('a')))).toBe('stuck pod-1')
  })
})

describe.each([
  ['drains', DRAINING],
  ['drains and says it is ready', { conditions: { ready: true, serving: true, terminating: true } }],
  ['has the weight 0', { weight: 0 }],
])('an endpoint that %s', (_state, state) => {
  it('keeps its keys and gets no new ones', () => {
    const test = pool({ endpoints: pods(3) })
    const before = homes(test)
    test.discovery.emit([pod(1), pod(2, state), pod(3)])
    expect(homes(test)).toEqual(before)
    for (let index = 0; index < 100; index++) {
      const given = served(test.route(`new-${index}`))
      expect(given.kind).toBe('bound')
      expect(given.endpoint.identity).not.toBe('pod-2')
    }
  })

  it('gets no request without a key', () => {
    const { route, discovery } = pool({ endpoints: pods(2) })
    discovery.emit([pod(1), pod(2, state)])
    for (let index = 0; index < 30; index++) expect(brief(served(route()))).toBe('keyless pod-1')
  })

  it('gets no key of one that is lost, nor of one that cannot be connected', () => {
    const { route, discovery } = pool({ endpoints: [pod(1)] })
    served(route('a'))
    discovery.emit([pod(2, state), pod(3)])
    expect(brief(served(route('a')))).toBe('moved pod-3')
    expect(brief(refused(served(route('a')).next(REFUSED)))).toBe('refused no-endpoints')
  })

  it('refuses new keys where it is the only one, and serves those it has', () => {
    const { route, discovery } = pool({ endpoints: [pod(1)] })
    served(route('old'))
    discovery.emit([pod(1, state)])
    expect(brief(served(route('old')))).toBe('stuck pod-1')
    expect(brief(refused(route('new')))).toBe('refused no-endpoints')
    expect(brief(refused(route()))).toBe('refused no-endpoints')
  })

  it('gives a key away that it does not answer', () => {
    const { route, discovery } = pool({ endpoints: [pod(1)] })
    served(route('a'))
    discovery.emit([pod(1, state), pod(2)])
    expect(brief(served(served(route('a')).next(REFUSED)))).toBe('moved pod-2')
  })
})

describe('the identity of an endpoint', () => {
  it('keeps its keys through a restart with a new address: they go to the new one', () => {
    const test = pool({ endpoints: pods(3) })
    const before = homes(test)
    test.discovery.emit([pod(1), pod(2, { host: '10.9.9.9', port: 8080 }), pod(3)])
    expect(homes(test)).toEqual(before)
    for (const key of keysOf(before, 'pod-2')) {
      expect(served(test.route(key)).endpoint).toMatchObject({ host: '10.9.9.9', port: 8080 })
    }
  })

  it('is what keys are bound to: an address that another one takes over brings it none of them', () => {
    const test = pool({ endpoints: pods(3), onLost: 'fail' })
    const before = homes(test)
    const successor = { ...pod(2), name: 'pod-9' }
    // Gone and come in one snapshot: no moment without an endpoint at this address.
    test.discovery.emit([pod(1), successor, pod(3)])
    for (const key of keysOf(before, 'pod-2')) expect(brief(refused(test.route(key)))).toBe('refused lost')
    for (const key of KEYS.filter((each) => before.get(each) !== 'pod-2')) {
      expect(served(test.route(key)).endpoint.identity).toBe(before.get(key))
    }
  })

  it('is what keys are bound to: two that swap their addresses keep their keys', () => {
    const test = pool({ endpoints: pods(2) })
    const before = homes(test)
    const [one, two] = [pod(1, { host: '10.0.0.2' }), pod(2, { host: '10.0.0.1' })]
    test.discovery.emit([one, two])
    for (const key of KEYS) {
      const { kind, endpoint } = served(test.route(key))
      expect([kind, endpoint.identity]).toEqual(['stuck', before.get(key)])
      expect(endpoint.host).toBe(endpoint.identity === 'pod-1' ? '10.0.0.2' : '10.0.0.1')
    }
  })

  it('does not hand over keys by address under rebind either: they are spread as new ones are', () => {
    const test = pool({ endpoints: pods(3) })
    const before = homes(test)
    test.discovery.emit([pod(1), { ...pod(2), name: 'pod-9' }, pod(3)])
    const after = new Set<string>()
    for (const key of keysOf(before, 'pod-2')) {
      const given = served(test.route(key))
      expect(given).toMatchObject({ kind: 'moved', from: 'pod-2' })
      after.add(given.endpoint.identity)
    }
    expect(after).toEqual(new Set(['pod-1', 'pod-9', 'pod-3']))
  })

  it('is host and port where endpoints are URLs', () => {
    const { route } = pool({ endpoints: [{ host: '10.0.0.1', port: 8080 }] })
    expect(brief(served(route('a')))).toBe('bound 10.0.0.1:8080')
  })
})
