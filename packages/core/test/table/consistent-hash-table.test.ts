import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { endpointSet } from '../../src/endpoint/endpoint-set.ts'
import { consistentHash } from '../../src/hash/make-consistent-hash.ts'
import type { ServedRoute } from '../../src/route/route.ts'
import { createSticky } from '../../src/sticky.ts'
import { consistentHashTable } from '../../src/table/consistent-hash-table.ts'
import { stickyTableConformance } from '../../src/testing/sticky-table-conformance.ts'
import { DRAINING, NOT_READY, pod, pods, pool, REFUSED, served, testKey } from '../support/pool.ts'

for (const algorithm of ['ring', 'rendezvous', 'maglev'] as const) {
  stickyTableConformance({
    registry: { describe, it },
    name: `consistentHashTable (${algorithm})`,
    deviations: { times: 'none', bindings: 'computed' },
    create: () => {
      const table = consistentHashTable({ algorithm })
      table.attach()(endpointSet(pods(5)))
      return { table }
    },
  })
}

const KEYS = Array.from({ length: 500 }, (_, index) => `session-${index}`)

function identities(route: (key: string) => unknown): string[] {
  return KEYS.map((key) => {
    const answer = route(key) as ServedRoute
    answer.done()
    return answer.endpoint.identity
  })
}

describe('a pool whose table computes', () => {
  it('binds every key to the endpoint that the hash says, as stuck from the first request on', () => {
    const { route } = pool({ table: consistentHashTable(), endpoints: pods(5) })
    const hash = consistentHash(pods(5).map(({ name }) => ({ identity: name as string })))
    for (const key of KEYS) {
      const answer = served(route(key))
      expect([answer.kind, answer.endpoint.identity]).toEqual(['stuck', hash.pick(key)?.identity])
    }
  })

  it('agrees with every other replica, in whatever order they heard of the endpoints', () => {
    const order = fc.shuffledSubarray(pods(8), { minLength: 8 })
    const one = pool({ table: consistentHashTable(), endpoints: pods(8) })
    const expected = identities((key) => one.route(key))
    fc.assert(
      fc.property(order, (endpoints) => {
        const other = pool({ table: consistentHashTable(), endpoints: [] })
        for (let known = 1; known <= endpoints.length; known++)
          other.discovery.emit(endpoints.slice(0, known))
        expect(identities((key) => other.route(key))).toEqual(expected)
      }),
      { numRuns: 20 },
    )
  })

  it('moves about 1/n of the keys when it scales out, all of them to the new endpoint', () => {
    const { route, discovery } = pool({ table: consistentHashTable(), endpoints: pods(4) })
    const before = identities((key) => route(key))
    discovery.emit(pods(5))
    const after = identities((key) => route(key))
    const moved = after.filter((identity, index) => identity !== before[index])
    expect(new Set(moved)).toEqual(new Set(['pod-5']))
    expect(moved.length).toBeGreaterThan(KEYS.length * 0.12)
    expect(moved.length).toBeLessThan(KEYS.length * 0.28)
  })

  it('binds the keys of an endpoint that is down to others meanwhile, and to it again when it is back', () => {
    const { route, discovery } = pool({ table: consistentHashTable(), endpoints: pods(4) })
    const before = identities((key) => route(key))
    discovery.emit([...pods(3), pod(4, NOT_READY)])
    const meanwhile = identities((key) => route(key))
    for (const [index, identity] of meanwhile.entries()) {
      if (before[index] === 'pod-4') expect(identity).not.toBe('pod-4')
      else expect(identity).toBe(before[index])
    }
    discovery.emit(pods(4))
    expect(identities((key) => route(key))).toEqual(before)
  })

  it('keeps the keys of a draining endpoint, or skips it, as the option says', () => {
    for (const draining of ['keep', 'skip'] as const) {
      const { route, discovery } = pool({ table: consistentHashTable({ draining }), endpoints: pods(4) })
      const before = identities((key) => route(key))
      discovery.emit([...pods(3), pod(4, DRAINING)])
      const after = identities((key) => route(key))
      if (draining === 'keep') expect(after).toEqual(before)
      else expect(new Set(after)).toEqual(new Set(['pod-1', 'pod-2', 'pod-3']))
      expect(
        after.filter((identity, index) => before[index] !== 'pod-4' && identity !== before[index]),
      ).toEqual([])
    }
  })

  it('makes a detour after a failed connection, to the next endpoint of the key, and never to one that was tried', () => {
    const { route } = pool({ table: consistentHashTable(), endpoints: pods(4), passiveHealth: false })
    const hash = consistentHash(pods(4).map(({ name }) => ({ identity: name as string })))
    for (const key of KEYS.slice(0, 50)) {
      const expected = [...hash.candidates(key)].map(({ identity }) => identity)
      let answer = route(key) as ServedRoute
      const tried: string[] = []
      for (;;) {
        tried.push(answer.endpoint.identity)
        const next = answer.next(REFUSED) as ServedRoute
        if ((next.kind as string) === 'refused') break
        expect(next.kind).toBe('detour')
        answer = next
      }
      expect(tried).toEqual(expected)
    }
  })

  it('counts no move, whatever fails', () => {
    const { route, sticky } = pool({ table: consistentHashTable(), endpoints: pods(3) })
    for (const key of KEYS) served(served(route(key)).next(REFUSED)).settle({ servedBy: 'pod-1' })
    const { moves } = sticky.stats()
    expect(Object.values(moves).reduce((sum, count) => sum + count, 0)).toBe(0)
  })

  it('refuses when nobody is left', () => {
    const { route } = pool({ table: consistentHashTable(), endpoints: [pod(1, NOT_READY)] })
    expect(route('k')).toMatchObject({ kind: 'refused', reason: 'no-endpoints' })
  })

  it('serves one pool', () => {
    const table = consistentHashTable()
    pool({ table, endpoints: pods(1) })
    expect(() => createSticky({ key: testKey, endpoints: [], table })).toThrow(/made for one pool/)
  })

  it('has no notion of a cap', () => {
    expect(() => pool({ table: consistentHashTable(), maxBoundPerEndpoint: 1 })).toThrow(
      /maxBoundPerEndpoint/,
    )
  })
})

describe('a bound on load', () => {
  const bound = 1.25

  it('sends a request above the capacity elsewhere as overflow, and leaves the key where it is', () => {
    const { route } = pool({ table: consistentHashTable({ bound }), endpoints: pods(4) })
    const first = served(route('hot'))
    const held = [first]
    const kinds = new Set<string>()
    const load = new Map<string, number>([[first.endpoint.identity, 1]])
    for (let open = 1; open < 200; open++) {
      const answer = served(route('hot'))
      kinds.add(answer.kind)
      expect(answer.kind).toBe(answer.endpoint.identity === first.endpoint.identity ? 'stuck' : 'overflow')
      if (answer.kind === 'overflow') expect(answer.stored).toBe(false)
      held.push(answer)
      load.set(answer.endpoint.identity, (load.get(answer.endpoint.identity) ?? 0) + 1)
      for (const requests of load.values())
        expect(requests).toBeLessThanOrEqual(Math.ceil((bound * (open + 1)) / 4))
    }
    expect(kinds).toEqual(new Set(['stuck', 'overflow']))
    for (const answer of held) answer.done()
    expect(served(route('hot'))).toMatchObject({ kind: 'stuck', endpoint: first.endpoint })
  })

  it('is refused with the name of the option and what was expected', () => {
    for (const wrong of [0.5, Number.NaN, Number.POSITIVE_INFINITY, '1.25']) {
      expect(() => consistentHashTable({ bound: wrong as number })).toThrow(
        /consistentHashTable\.bound.*1 to 1000/,
      )
    }
    expect(() => consistentHashTable({ draining: 'never' as 'keep' })).toThrow(
      /consistentHashTable\.draining/,
    )
    expect(() => consistentHashTable({ size: 1 } as object)).toThrow(/consistentHashTable.*size/)
  })
})
