import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Route } from '../src/route/route.ts'
import { boundTo, NOT_READY, pod, pods, pool, REFUSED, refused, served } from './support/pool.ts'

/** Every endpoint that one request tries while none can be connected, and the refusal. */
function tryAll(first: Route): { tried: string[]; last: Route } {
  const tried: string[] = []
  let route = first
  while (route.kind !== 'refused') {
    tried.push(route.endpoint.identity)
    route = route.next(REFUSED) as Route
  }
  return { tried, last: route }
}

const passiveHealth = false

describe('maxTries', () => {
  it('is 10 by default', () => {
    for (const key of ['a', undefined]) {
      const { route } = pool({ endpoints: pods(30), passiveHealth })
      const { tried, last } = tryAll(route(key) as Route)
      expect(new Set(tried).size).toBe(10)
      expect(refused(last)).toMatchObject({
        reason: 'no-endpoints',
        message: '10 endpoints could not be connected (option "createSticky.maxTries")',
        cause: REFUSED,
      })
    }
  })

  it('of 1 tries nobody else', () => {
    const { route } = pool({ endpoints: pods(3), maxTries: 1, passiveHealth })
    expect(tryAll(route('a') as Route).tried).toHaveLength(1)
  })

  it('does not stop a request that is served in time', () => {
    const { route } = pool({ endpoints: pods(5), maxTries: 3, passiveHealth })
    const second = served(served(route('a')).next(REFUSED))
    const third = served(second.next(REFUSED))
    expect(served(route('a')).endpoint).toBe(third.endpoint)
  })

  it('counts for each request anew', () => {
    const { route } = pool({ endpoints: pods(5), maxTries: 2, passiveHealth })
    for (let request = 0; request < 4; request++) {
      expect(tryAll(route(`key-${request}`) as Route).tried).toHaveLength(2)
    }
  })

  it('says that nobody is left, where that comes first', () => {
    const { route } = pool({ endpoints: pods(2), maxTries: 3, passiveHealth })
    expect(refused(tryAll(route('a') as Route).last).message).toBe('no endpoint could be connected')
  })

  it('binds no key that it has not served', async () => {
    const { route, table } = pool({ endpoints: pods(9), maxTries: 3, passiveHealth })
    tryAll(route('a') as Route)
    expect(await boundTo(table, 'a')).toBeUndefined()
  })

  it('puts a key back to the endpoint that it was moved away from', async () => {
    const { route, table } = pool({ endpoints: pods(9), maxTries: 3, passiveHealth, minMoveIntervalMs: 0 })
    const { identity } = served(route('a')).endpoint
    const { tried } = tryAll(route('a') as Route)
    expect(tried[0]).toBe(identity)
    expect(await boundTo(table, 'a')).toBe(identity)
  })

  it('is as good as its word for any pool, limit, and history of the key', async () => {
    const cases = fc.record({
      count: fc.integer({ min: 1, max: 15 }),
      maxTries: fc.integer({ min: 1, max: 15 }),
      isBound: fc.boolean(),
      isHomeLost: fc.boolean(),
      hasKey: fc.boolean(),
      /** The how-manieth endpoint can be connected; more than are tried: none. */
      good: fc.integer({ min: 1, max: 20 }),
    })
    await fc.assert(
      fc.asyncProperty(cases, async ({ count, maxTries, isBound, isHomeLost, hasKey, good }) => {
        const { route, table, discovery, sticky } = pool({
          endpoints: pods(count),
          maxTries,
          passiveHealth,
          minMoveIntervalMs: 0,
        })
        const key = hasKey ? 'a' : undefined
        let home: string | undefined
        if (isBound && hasKey) {
          const first = served(route(key))
          home = first.endpoint.identity
          await first.settle({ status: 200 })
          first.done()
          const number = Number(home.slice('pod-'.length))
          if (isHomeLost) {
            discovery.emit(pods(count).map((each, i) => (i + 1 === number ? pod(number, NOT_READY) : each)))
          }
        }
        const usable = isBound && hasKey && isHomeLost ? count - 1 : count
        const tried: string[] = []
        let given = (await route(key)) as Route
        while (given.kind !== 'refused') {
          tried.push(given.endpoint.identity)
          if (tried.length === good) break
          given = (await given.next(REFUSED)) as Route
        }
        expect(tried.length).toBe(Math.min(good, maxTries, usable))
        expect(new Set(tried).size).toBe(tried.length)
        const isServed = given.kind !== 'refused'
        expect(isServed).toBe(good <= Math.min(maxTries, usable))
        if (isServed) await given.settle({ status: 200 })
        given.done()
        expect(sticky.inFlight).toBe(0)
        if (!hasKey) return
        const bound = await boundTo(table, 'a')
        // Served by a detour it stays where its last move put it; served by nobody, as if the request had never been.
        if (given.kind === 'detour') expect(tried.slice(0, -1)).toContain(bound)
        else expect(bound).toBe(given.kind === 'refused' ? home : given.endpoint.identity)
      }),
      { numRuns: 500 },
    )
  })
})
