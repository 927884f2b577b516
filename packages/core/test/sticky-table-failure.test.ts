import { describe, expect, it } from 'vitest'
import { roundRobin } from '../src/balance/round-robin.ts'
import { StickyError } from '../src/error.ts'
import type { Route } from '../src/route/route.ts'
import { memoryTable } from '../src/table/memory.ts'
import type { StickyTable } from '../src/table/sticky-table.ts'
import { fakeClock } from '../src/testing/fake-clock.ts'
import { boundTo, brief, pods, pool, REFUSED, refused, served, type TestPool } from './support/pool.ts'
import { settled } from './support/settled.ts'
import { countedTable, type Fault, type Faults, faultyTable } from './support/tables.ts'

const BROKEN = new Error('connection to the table lost')
const FAULTS: Fault[] = ['throws', 'rejects', 'hangs']
const TABLE_TIMEOUT = 250
const IDLE = 4_000

/** What a request gets, letting the table's time pass where it hangs. */
async function answer(test: TestPool, ask: () => Route | Promise<Route>): Promise<Route> {
  const asked = ask()
  await settled()
  test.clock.advance(TABLE_TIMEOUT)
  return asked
}

function failing(faults: Faults, options: Parameters<typeof pool>[0] = {}) {
  const clock = fakeClock()
  const standing = memoryTable({ idleTimeoutMs: IDLE, clock })
  const table = countedTable(faultyTable(standing, faults, BROKEN))
  const test = pool({ endpoints: pods(5), table, clock, tableTimeoutMs: TABLE_TIMEOUT, ...options })
  return { standing, calls: table.calls, ...test }
}

describe.each(FAULTS)('a table that %s', (fault) => {
  const error = fault === 'hangs' ? expect.objectContaining({ code: 'table-timeout' }) : BROKEN

  it.each(['lookup', 'claim'] as const)(
    'on %s: the key is placed by a hash that needs no table',
    async (operation) => {
      const test = failing({ [operation]: fault })
      const route = await answer(test, () => test.route('a'))
      expect(route).toMatchObject({ kind: 'fallback', error })
      expect((await answer(test, () => test.route('a'))) as object).toMatchObject({
        kind: 'fallback',
        endpoint: (route as { endpoint?: unknown }).endpoint,
      })
      expect(test.standing.size).toBe(0)
      expect(test.clock.pending).toBe(0)
    },
  )

  it('on move: a key whose endpoint is lost goes elsewhere this once, and stays bound', async () => {
    const test = failing({ move: fault })
    const home = served(test.route('a')).endpoint.identity
    test.discovery.emit(pods(5).filter(({ name }) => name !== home))
    expect(await answer(test, () => test.route('a'))).toMatchObject({ kind: 'fallback', error })
    expect(await boundTo(test.standing, 'a')).toBe(home)
    test.discovery.emit(pods(5))
    expect(brief(served(test.route('a')))).toBe(`stuck ${home}`)
  })

  it('on move: fail-over goes on without it to every endpoint, and refuses then', async () => {
    const test = failing({ move: fault })
    let route = served(test.route('a')) as Route
    const tried: string[] = []
    while (route.kind !== 'refused') {
      tried.push(route.endpoint.identity)
      const last = route
      route = await answer(test, () => last.next(REFUSED))
    }
    expect(new Set(tried).size).toBe(5)
    expect(tried).toHaveLength(5)
    expect(route.reason).toBe('no-endpoints')
    expect(test.sticky.inFlight).toBe(0)
  })

  it('on release: nobody waits for it, and the refusal is given', async () => {
    const test = failing({ release: fault }, { endpoints: pods(1) })
    const bound = served(test.route('a'))
    expect(brief(refused(bound.next(REFUSED)))).toBe('refused no-endpoints')
    test.clock.advance(TABLE_TIMEOUT)
    await settled()
    bound.done()
  })

  it('on touch: an open stream stays open', async () => {
    const test = failing({ touch: fault })
    const bound = served(test.route('a'))
    test.clock.advance(10 * IDLE)
    await settled()
    expect(test.calls.touch).toBeGreaterThan(10)
    bound.done()
    test.clock.advance(IDLE)
    await settled()
    expect(test.sticky.inFlight).toBe(0)
    expect(test.clock.pending).toBe(0)
  })

  it("refuses the request under onTableError: 'refuse', with the cause", async () => {
    for (const operation of ['lookup', 'claim'] as const) {
      const test = failing({ [operation]: fault }, { onTableError: 'refuse' })
      const route = await answer(test, () => test.route('a'))
      expect(route).toMatchObject({ kind: 'refused', reason: 'table-unavailable', cause: error })
      expect(route.explain()).toBe('test key: refused, table-unavailable: the sticky table does not answer')
    }
  })

  it("refuses a lost key under onTableError: 'refuse', where the move fails", async () => {
    const test = failing({ move: fault }, { onTableError: 'refuse' })
    const bound = served(test.route('a'))
    const next = await answer(test, () => bound.next(REFUSED))
    expect(next).toMatchObject({ kind: 'refused', reason: 'table-unavailable', cause: error })
    expect(test.sticky.inFlight).toBe(0)
  })

  it("balances under onTableError: 'balance', as its balancer does", async () => {
    const placement = roundRobin()
    const test = failing({ lookup: fault }, { onTableError: 'balance', placement })
    const given: string[] = []
    for (let request = 0; request < 5; request++) given.push(brief(await answer(test, () => test.route('a'))))
    expect(given).toEqual(pods(5).map(({ name }) => `fallback ${name}`))
  })

  it('is not asked for requests without a key', () => {
    const test = failing({ lookup: fault, claim: fault }, { onTableError: 'refuse' })
    expect(served(test.route()).kind).toBe('keyless')
  })

  it('wins again as soon as it answers: nothing that was done without it is kept', async () => {
    const faults: Faults = {}
    const test = failing(faults, { onTableError: 'balance', placement: roundRobin() })
    const home = served(test.route('a')).endpoint.identity
    faults.lookup = fault
    const seen = new Set<string>()
    for (let request = 0; request < 5; request++) seen.add(brief(await answer(test, () => test.route('a'))))
    expect(seen.size).toBe(5)
    delete faults.lookup
    expect(brief(served(test.route('a')))).toBe(`stuck ${home}`)
  })
})

describe('without the table', () => {
  const lost = { lookup: 'throws' } as const

  it('two replicas agree on every key, whatever their balancers and the order of their endpoints', () => {
    const [one, other] = [
      failing(lost, { endpoints: pods(7) }),
      failing(lost, { endpoints: pods(7).reverse(), placement: roundRobin() }),
    ]
    const homes = new Set<string>()
    for (let index = 0; index < 200; index++) {
      const route = served(one.route(`key-${index}`))
      expect(route.kind).toBe('fallback')
      expect(brief(served(other.route(`key-${index}`)))).toBe(brief(route))
      homes.add(route.endpoint.identity)
    }
    expect(homes.size).toBe(7)
  })

  it('a key goes where it would have been bound by default, so most sessions outlive a lost table', () => {
    const [well, ill] = [pool({ endpoints: pods(5) }), failing(lost)]
    for (let index = 0; index < 50; index++) {
      const { endpoint } = served(well.route(`key-${index}`))
      expect(served(ill.route(`key-${index}`)).endpoint.identity).toBe(endpoint.identity)
    }
  })

  it('next() never asks the table again, nor an endpoint', () => {
    const faults: Faults = { lookup: 'throws' }
    const counted = countedTable(memoryTable())
    const test = pool({ endpoints: pods(4), table: faultyTable(counted, faults, BROKEN) })
    let route = test.route('a') as Route
    delete faults.lookup
    const tried: string[] = []
    while (route.kind !== 'refused') {
      expect(route.kind).toBe('fallback')
      tried.push(route.endpoint.identity)
      route = route.next(REFUSED) as Route
    }
    expect(new Set(tried).size).toBe(4)
    expect(counted.calls).toEqual({ lookup: 0, claim: 0, move: 0, touch: 0, release: 0 })
  })

  it('settle() moves nothing: what was done without the table is never recorded', async () => {
    const counted = countedTable(memoryTable())
    const faults: Faults = {}
    const test = pool({ endpoints: pods(2), table: faultyTable(counted, faults, BROKEN) })
    const home = served(test.route('a')).endpoint.identity
    faults.move = 'throws'
    const fallback = served(served(test.route('a')).next(REFUSED))
    delete faults.move
    void fallback.settle({ servedBy: home })
    expect(counted.calls.move).toBe(0)
    expect(await boundTo(counted, 'a')).toBe(home)
  })

  it('refuses where no endpoint is left', () => {
    expect(brief(refused(failing(lost, { endpoints: [] }).route('a')))).toBe('refused no-endpoints')
  })

  it('says what failed even where the table failed with nothing at all', async () => {
    for (const nothing of [undefined, null]) {
      const table = { ...memoryTable(), lookup: () => Promise.reject(nothing) } as unknown as StickyTable
      const operations = { claim: () => expect.unreachable(), move: () => expect.unreachable() }
      const tools = { touch: () => undefined, release: () => false }
      const { route } = pool({ endpoints: pods(2), table: { ...table, ...operations, ...tools } })
      const given = (await route('a')) as Route
      expect(given).toMatchObject({ kind: 'fallback', error: 'unknown' })
      expect(((await (given as { next(): Route }).next()) as Route).kind).toBe('fallback')
    }
  })
})

describe('a request that waits for the table', () => {
  it('waits as long as tableTimeoutMs and not longer, and the error names the option', async () => {
    const test = failing({ lookup: 'hangs' }, { tableTimeoutMs: 40 })
    let route: Route | undefined
    const asked = Promise.resolve(test.route('a')).then((given) => {
      route = given
    })
    test.clock.advance(39)
    await settled()
    expect(route).toBeUndefined()
    test.clock.advance(1)
    await asked
    const { error } = route as Extract<Route, { kind: 'fallback' }>
    expect(error).toBeInstanceOf(StickyError)
    expect((error as StickyError).message).toContain('(option "createSticky.tableTimeoutMs")')
  })

  it('is refused when its client goes away', async () => {
    const test = failing({ lookup: 'hangs' })
    const client = new AbortController()
    const asked = test.route('a', { signal: client.signal })
    client.abort()
    expect(await asked).toMatchObject({
      kind: 'refused',
      reason: 'hold-timeout',
      message: 'the request was aborted while it waited for the table',
    })
    expect(test.clock.pending).toBe(0)
  })

  it('is refused when the pool closes, and leaves no timer', async () => {
    const test = failing({ lookup: 'hangs' })
    const asked = [test.route('a'), test.route('b')]
    await test.sticky.close()
    for (const route of await Promise.all(asked)) {
      expect(route).toMatchObject({ kind: 'refused', reason: 'closed', message: 'the pool was closed' })
    }
    expect(test.clock.pending).toBe(0)
  })
})
