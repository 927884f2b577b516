import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { header } from '../src/key/header.ts'
import type { KeySource } from '../src/key/key-source.ts'
import { isPromise } from '../src/maybe-promise.ts'
import { createSticky } from '../src/sticky.ts'
import { fakeRandom } from '../src/testing/fake-random.ts'
import { fakeRequest } from '../src/testing/fake-request.ts'
import { pod, pods, pool, REFUSED, refused, served, testKey } from './support/pool.ts'
import { countedTable, type Faults, faultyTable } from './support/tables.ts'

describe('createSticky', () => {
  it('binds a new key to an endpoint and sends it there ever after', () => {
    const { route } = pool({ endpoints: pods(5) })
    const bound = served(route('a'))
    expect(bound.kind).toBe('bound')
    for (let request = 0; request < 20; request++) {
      const stuck = served(route('a'))
      expect(stuck.kind).toBe('stuck')
      expect(stuck.endpoint).toBe(bound.endpoint)
    }
  })

  it('spreads keys over all endpoints, and each keeps its own', () => {
    const { route } = pool({ endpoints: pods(3) })
    const keys = Array.from({ length: 200 }, (_, index) => `key-${index}`)
    const homes = new Map(keys.map((key) => [key, served(route(key)).endpoint.identity]))
    expect(new Set(homes.values()).size).toBe(3)
    for (const key of keys) expect(served(route(key)).endpoint.identity).toBe(homes.get(key))
  })

  it('answers at once, with no promise in any of the four calls, where table and endpoints are at hand', () => {
    const sticky = createSticky({ key: testKey, endpoints: ['http://10.0.0.1:80', 'http://10.0.0.2:80'] })
    for (const key of ['a', 'a', undefined]) {
      const route = sticky.route({ headers: key === undefined ? {} : { k: key } })
      expect(isPromise(route)).toBe(false)
      const next = served(route).next(REFUSED)
      expect(isPromise(next)).toBe(false)
      expect(served(next).settle({ servedBy: '10.0.0.1:80' })).toBeUndefined()
      expect(served(next).done()).toBeUndefined()
    }
    expect(sticky.inFlight).toBe(0)
  })

  it('reads a request of node:http, the Headers of a Request, and a plain record of headers', async () => {
    const sticky = createSticky({ key: header('x-session'), endpoints: ['http://10.0.0.1:80'] })
    const name = 'x-session'
    const requests = [
      fakeRequest({ headers: { [name]: 'a' } }),
      new Request('http://gateway/', { headers: { [name]: 'a' } }),
      new Headers({ [name]: 'a' }),
      { headers: { [name]: 'a' } },
    ]
    const kinds = requests.map((request) => served(sticky.route(request)).kind)
    expect(kinds).toEqual(['bound', 'stuck', 'stuck', 'stuck'])
    await sticky.close()
  })

  describe('a request without a key', () => {
    it.each([undefined, ''])(
      'is balanced only, and neither read nor written in the table (key %o)',
      (key) => {
        const table = countedTable(pool().table)
        const { route } = pool({ endpoints: pods(4), table, random: fakeRandom(7) })
        const routes = Array.from({ length: 50 }, () => served(route(key)))
        expect(new Set(routes.map(({ kind }) => kind))).toEqual(new Set(['keyless']))
        expect(new Set(routes.map(({ endpoint }) => endpoint.identity)).size).toBe(4)
        expect(table.calls).toEqual({ lookup: 0, claim: 0, move: 0, touch: 0, release: 0 })
      },
    )

    it('goes to each endpoint once when none can be connected, and is refused then', () => {
      const { route } = pool({ endpoints: pods(3) })
      const tried = new Set<string>()
      let last = served(route())
      for (let endpoint = 0; endpoint < 3; endpoint++) {
        tried.add(last.endpoint.identity)
        const next = last.next(REFUSED)
        if (endpoint < 2) last = served(next)
        else expect(refused(next)).toMatchObject({ reason: 'no-endpoints', cause: REFUSED })
      }
      expect(tried.size).toBe(3)
    })
  })

  describe('refuses', () => {
    it('a repeated key as ambiguous', () => {
      const sticky = createSticky({ key: header('x-session'), endpoints: ['http://10.0.0.1:80'] })
      const route = refused(sticky.route(fakeRequest({ headers: { 'x-session': ['a', 'b'] } })))
      expect(route.reason).toBe('ambiguous-key')
      expect(route.message).toContain('header x-session')
    })

    it('a key that is over its limit', () => {
      const sticky = createSticky({
        key: header('x-session', { maxLength: 3 }),
        endpoints: ['http://10.0.0.1:80'],
      })
      expect(refused(sticky.route(fakeRequest({ headers: { 'x-session': 'abcd' } }))).reason).toBe('bad-key')
    })

    it.each(['a', undefined])('with no-endpoints where there is none (key %o)', (key) => {
      const { route, discovery } = pool({ endpoints: [] })
      expect(refused(route(key))).toMatchObject({
        reason: 'no-endpoints',
        message: 'no endpoint takes new keys',
        status: undefined,
        cause: undefined,
      })
      discovery.emit(pods(1))
      expect(served(route(key)).endpoint.identity).toBe('pod-1')
    })

    it('for good: the three other calls of a refusal do nothing', () => {
      const { route, sticky } = pool({ endpoints: [] })
      const refusal = refused(route('a'))
      expect(refusal.next(REFUSED)).toBe(refusal)
      expect(refusal.settle({ status: 200 })).toBeUndefined()
      refusal.done()
      refusal.done()
      expect(sticky.inFlight).toBe(0)
    })
  })

  describe('a route that only asks', () => {
    it('counts nothing, whatever is called on it', () => {
      const { route, sticky, clock } = pool({ endpoints: pods(3) })
      for (const key of ['a', 'a', undefined]) {
        const asked = served(route(key, { lease: false }))
        expect(sticky.inFlight).toBe(0)
        const next = served(asked.next(REFUSED))
        expect(sticky.inFlight).toBe(0)
        next.done()
        asked.done()
      }
      expect(sticky.inFlight).toBe(0)
      expect(clock.pending).toBe(0)
    })

    it('binds all the same, so that the request it was asked for goes there', () => {
      const { route } = pool({ endpoints: pods(3) })
      const asked = served(route('a', { lease: false }))
      expect(asked.kind).toBe('bound')
      expect(served(route('a'))).toMatchObject({ kind: 'stuck', endpoint: asked.endpoint })
    })
  })

  describe('explain()', () => {
    const sentence = (route: { explain(): string }) => route.explain()

    it('says where the key came from, what was found, and what was chosen', () => {
      const { route, discovery } = pool({ endpoints: [pod(1)] })
      expect(sentence(served(route('a')))).toBe('test key: miss, bound to pod-1')
      expect(sentence(served(route('a')))).toBe('test key: hit, stuck to pod-1')
      expect(sentence(served(route()))).toBe('test key: no key, balanced to pod-1')
      discovery.emit([pod(2)])
      const moved = served(route('a'))
      expect(sentence(moved)).toBe('test key: hit, pod-1 is lost (gone), moved to pod-2')
      expect(sentence(refused(moved.next(REFUSED)))).toBe(
        'test key: refused, no-endpoints: no endpoint could be connected',
      )
      discovery.emit([])
      expect(sentence(refused(route()))).toBe('test key: refused, no-endpoints: no endpoint takes new keys')
    })

    it('says so of a key whose endpoint is lost for good', () => {
      const { route, discovery } = pool({ endpoints: [pod(1)], onLost: 'fail' })
      served(route('a'))
      discovery.emit([pod(2)])
      expect(sentence(refused(route('a')))).toBe(
        'test key: refused, lost: the endpoint of this key, pod-1, is lost (gone)',
      )
    })

    it('says so of a table that does not answer', () => {
      const faults: Faults = { lookup: 'throws' }
      const { route } = pool({ endpoints: [pod(1)], table: faultyTable(pool().table, faults) })
      expect(sentence(served(route('a')))).toBe('test key: table unavailable, fallback to pod-1')
    })

    it('never holds the key, nor does anything else that a log of the route would show', async () => {
      // Letters that no sentence of ours uses, so that a key cannot stand in one by chance.
      const letter = fc.integer({ min: 0xa1, max: 0xff }).map((code) => String.fromCharCode(code))
      const secret = fc.array(letter, { minLength: 1, maxLength: 80 }).map((letters) => letters.join(''))
      const fault = fc.constantFrom<Faults>(
        {},
        { lookup: 'rejects' },
        { claim: 'throws' },
        { move: 'rejects' },
      )
      await fc.assert(
        fc.asyncProperty(secret, fault, fc.boolean(), async (key, faults, fails) => {
          const table = faultyTable(pool().table, faults)
          const policies = fails ? ({ onLost: 'fail', onTableError: 'refuse' } as const) : {}
          const { route, discovery } = pool({ endpoints: pods(2), table, ...policies })
          const said = async (given: ReturnType<typeof route>) => {
            const answer = await given
            for (const text of [answer.explain(), inspect(answer, { depth: 9 }), JSON.stringify(answer)]) {
              expect(text).not.toContain(key)
            }
            return answer
          }
          const first = await said(route(key))
          await said(route(key))
          await said((await said(first.next(REFUSED))).next(REFUSED))
          discovery.emit([pod(3)])
          await said(route(key))
        }),
        { numRuns: 60 },
      )
    })
  })

  it('passes on what a key source says is wrong with a key', () => {
    const key: KeySource = {
      name: 'mine',
      read: () => ({ reason: 'bad-key', message: 'mine: expected more' }),
    }
    const sticky = createSticky({ key, endpoints: ['http://10.0.0.1:80'] })
    expect(refused(sticky.route({ headers: {} })).explain()).toBe(
      'mine: refused, bad-key: mine: expected more',
    )
  })
})
