import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rebalance, type Share } from '../../src/balance/rebalance.ts'
import {
  checkRebalanceOptions,
  type RebalanceOptions,
  type RebalanceOutcome,
} from '../../src/balance/rebalance-options.ts'
import type { Version } from '../../src/table/sticky-table.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { bulkTable } from '../support/bulk-table.ts'
import { settled } from '../support/settled.ts'

function spread(keys: Readonly<Record<string, number>>, weights: Readonly<Record<string, number>> = {}) {
  const clock = fakeClock()
  const table = bulkTable(clock)
  for (const [identity, count] of Object.entries(keys)) table.fill(identity, count)
  const host: { endpoints: readonly Share[] | undefined; inUse: Set<Version> } = {
    endpoints: Object.keys(keys).map((identity) => ({ identity, weight: weights[identity] ?? 1 })),
    inUse: new Set(),
  }
  const moves: string[] = []
  const start = (options: RebalanceOptions) =>
    rebalance(
      {
        table,
        clock,
        endpoints: () => host.endpoints,
        inUse: () => host.inUse,
        minMoveIntervalMs: 1_000,
        moved: (from, to) => void moves.push(`${from} ${to}`),
      },
      checkRebalanceOptions(options),
    )
  /** Runs it to its end, a millisecond at a time as far as it waits. */
  const run = async (options: RebalanceOptions): Promise<RebalanceOutcome> => {
    const seen: { outcome?: RebalanceOutcome } = {}
    start(options).then((outcome) => {
      seen.outcome = outcome
    })
    await settled()
    while (!seen.outcome) {
      clock.advance(100)
      await settled()
    }
    return seen.outcome
  }
  return { clock, table, host, moves, start, run, counts: () => Object.fromEntries(table.counts()) }
}

const ANY = { idleForMs: 0 }

describe('rebalance', () => {
  it('moves what an endpoint has above its share to those below theirs', async () => {
    const test = spread({ a: 300, b: 300, c: 0 })
    expect(await test.run({ share: 1, ...ANY })).toEqual({ moved: 200, planned: 200, ended: 'even' })
    expect(test.counts()).toEqual({ a: 200, b: 200, c: 200 })
    expect(test.moves).toHaveLength(200)
  })

  it('moves a part of it if asked: half the surplus', async () => {
    const test = spread({ a: 300, b: 300, c: 0 })
    expect(await test.run({ share: 0.5, ...ANY })).toEqual({ moved: 100, planned: 100, ended: 'even' })
    expect(test.counts()).toEqual({ a: 250, b: 250, c: 100 })
  })

  it('goes by weights', async () => {
    const test = spread({ a: 400, b: 0 }, { a: 1, b: 3 })
    await test.run({ share: 1, perSecond: 1_000, ...ANY })
    expect(test.counts()).toEqual({ a: 100, b: 300 })
  })

  it('fills those below their share in turn', async () => {
    const test = spread({ a: 30, b: 0, c: 0 })
    await test.run({ share: 1, ...ANY })
    expect(test.moves.slice(0, 4)).toEqual(['a b', 'a c', 'a b', 'a c'])
    expect(test.counts()).toEqual({ a: 10, b: 10, c: 10 })
  })

  it('does nothing where all is even, or nobody takes part', async () => {
    const nothing = { moved: 0, planned: 0, ended: 'even' }
    expect(await spread({ a: 10, b: 10 }).run({ share: 1, ...ANY })).toEqual(nothing)
    expect(await spread({}).run({ share: 1, ...ANY })).toEqual(nothing)
  })

  it('leaves keys of an endpoint alone that takes no part', async () => {
    const test = spread({ a: 100, b: 0, c: 500 })
    test.host.endpoints = ['a', 'b'].map((identity) => ({ identity, weight: 1 }))
    await test.run({ share: 1, ...ANY })
    expect(test.counts()).toEqual({ a: 50, b: 50, c: 500 })
  })

  it('never makes a spread less even, and moves no key twice, for any spread and weights', async () => {
    const pods = fc.array(fc.record({ keys: fc.nat(40), weight: fc.integer({ min: 1, max: 5 }) }), {
      minLength: 1,
      maxLength: 6,
    })
    await fc.assert(
      fc.asyncProperty(pods, async (given) => {
        const name = (index: number) => `p${index}`
        const test = spread(
          Object.fromEntries(given.map(({ keys }, index) => [name(index), keys])),
          Object.fromEntries(given.map(({ weight }, index) => [name(index), weight])),
        )
        const before = test.table.homes()
        const { moved, planned } = await test.run({ share: 1, perSecond: 1_000_000, ...ANY })
        const [keys, weights] = [before.size, given.reduce((sum, { weight }) => sum + weight, 0)]
        const off = [...test.table.homes()].filter(([key, home]) => before.get(key) !== home).length
        expect([moved, planned]).toEqual([off, off])
        for (const [index, { keys: had, weight }] of given.entries()) {
          const share = (keys * weight) / weights
          const has = test.table.countByEndpoint(name(index))
          expect(Math.abs(has - share)).toBeLessThanOrEqual(Math.max(1, Math.abs(had - share)))
          if (had > share) expect(has - share).toBeLessThan(1)
        }
      }),
      { numRuns: 50 },
    )
  })
})

describe('what rebalance leaves alone', () => {
  it('are keys used lately: not for as long as asked', async () => {
    const test = spread({ a: 100, b: 0 })
    test.clock.advance(30_000)
    for (let index = 0; index < 80; index++) test.table.lookup(`a-${index}`)
    test.clock.advance(29_999)
    expect(await test.run({ share: 1 })).toEqual({ moved: 0, planned: 50, ended: 'end' })
    test.clock.advance(1)
    expect(await test.run({ share: 1 })).toEqual({ moved: 20, planned: 50, ended: 'end' })
    expect(test.counts()).toEqual({ a: 80, b: 20 })
  })

  it('are keys with open streams, unless asked to move them too', async () => {
    const test = spread({ a: 10, b: 0 })
    for (let index = 0; index < 8; index++) test.host.inUse.add(index + 1)
    expect(await test.run({ share: 1, ...ANY })).toEqual({ moved: 2, planned: 5, ended: 'end' })
    test.clock.advance(1_000)
    expect(await test.run({ share: 1, openStreams: true, ...ANY })).toEqual({
      moved: 3,
      planned: 3,
      ended: 'even',
    })
  })

  it('are keys that were moved within the shortest interval between two moves', async () => {
    const test = spread({ a: 10, b: 0 })
    await test.run({ share: 1, ...ANY })
    test.host.endpoints = [
      { identity: 'a', weight: 9 },
      { identity: 'b', weight: 1 },
    ]
    test.clock.advance(999)
    expect(await test.run({ share: 1, ...ANY })).toEqual({ moved: 0, planned: 4, ended: 'end' })
    test.clock.advance(1)
    expect(await test.run({ share: 1, ...ANY })).toEqual({ moved: 4, planned: 4, ended: 'even' })
  })

  it('is an endpoint that takes no new keys since it began', async () => {
    const test = spread({ a: 100, b: 0, c: 0 })
    const seen = test.start({ share: 1, perSecond: 100, ...ANY })
    await settled()
    expect(test.counts()).toEqual({ a: 90, b: 5, c: 5 })
    test.host.endpoints = ['a', 'c'].map((identity) => ({ identity, weight: 1 }))
    for (let slice = 0; slice < 10; slice++) {
      test.clock.advance(100)
      await settled()
    }
    expect((await seen).ended).toBe('end')
    expect(test.counts()).toEqual({ a: 61, b: 5, c: 34 })
  })
})

describe('the pace of rebalance', () => {
  it('is as many moves a second as asked, in ten slices', async () => {
    const test = spread({ a: 1_000, b: 0 })
    const progress: number[] = []
    const seen = test.start({
      share: 1,
      perSecond: 200,
      ...ANY,
      onProgress: ({ moved }) => void progress.push(moved),
    })
    await settled()
    expect(test.moves).toHaveLength(20)
    for (let slice = 0; slice < 9; slice++) {
      test.clock.advance(99)
      await settled()
      expect(test.moves).toHaveLength(20 * (slice + 1))
      test.clock.advance(1)
      await settled()
    }
    expect(test.moves).toHaveLength(200)
    expect(progress).toEqual(Array.from({ length: 10 }, (_, index) => 20 * (index + 1)))
    test.clock.advance(100)
    await settled()
    for (let slice = 0; slice < 15; slice++) {
      test.clock.advance(100)
      await settled()
    }
    expect(await seen).toEqual({ moved: 500, planned: 500, ended: 'even' })
    expect(test.clock.pending).toBe(0)
  })

  it('may be one a second', async () => {
    const test = spread({ a: 4, b: 0 })
    const seen = test.start({ share: 1, perSecond: 1, ...ANY })
    await settled()
    test.clock.advance(999)
    await settled()
    expect(test.moves).toHaveLength(1)
    test.clock.advance(1)
    await settled()
    expect(test.moves).toHaveLength(2)
    expect((await seen).ended).toBe('even')
  })

  it('ends when it is aborted, also in a pause; what was moved stays moved', async () => {
    const test = spread({ a: 1_000, b: 0 })
    const operator = new AbortController()
    const seen = test.start({ share: 1, perSecond: 100, signal: operator.signal, ...ANY })
    await settled()
    operator.abort()
    expect(await seen).toEqual({ moved: 10, planned: 500, ended: 'aborted' })
    expect(test.counts()).toEqual({ a: 990, b: 10 })
    expect(test.clock.pending).toBe(0)
  })

  it('ends before its first move when it was aborted before', async () => {
    const test = spread({ a: 10, b: 0 })
    expect(await test.start({ share: 1, signal: AbortSignal.abort(), ...ANY })).toMatchObject({
      moved: 0,
      ended: 'aborted',
    })
  })

  it('ends when the pool is closed', async () => {
    const test = spread({ a: 1_000, b: 0 })
    const seen = test.start({ share: 1, perSecond: 100, ...ANY })
    await settled()
    test.host.endpoints = undefined
    test.clock.advance(100)
    expect(await seen).toEqual({ moved: 10, planned: 500, ended: 'aborted' })
  })

  it('ends at once when it is aborted by its own progress', async () => {
    const test = spread({ a: 1_000, b: 0 })
    const operator = new AbortController()
    const onProgress = () => operator.abort()
    const seen = test.start({ share: 1, perSecond: 100, signal: operator.signal, onProgress, ...ANY })
    await settled()
    expect(test.clock.pending).toBe(0)
    expect(await seen).toEqual({ moved: 10, planned: 500, ended: 'aborted' })
  })
})

describe('options of rebalance', () => {
  it('are idle keys only, a hundred a second, unless given', () => {
    expect(checkRebalanceOptions({ share: 1 })).toEqual({
      share: 1,
      idleForMs: 60_000,
      openStreams: false,
      perSecond: 100,
    })
  })

  it.each<[string, object]>([
    ['share": expected a number above 0, at most 1, got 0', { share: 0 }],
    ['share": expected a number above 0, at most 1, got 1.1', { share: 1.1 }],
    ['share": expected a number above 0, at most 1, got undefined', {}],
    ['idleForMs": expected milliseconds from 0 to 2147483647, got -1', { share: 1, idleForMs: -1 }],
    ['openStreams": expected true or false, got "yes"', { share: 1, openStreams: 'yes' }],
    ['perSecond": expected an integer from 1 to 1000000, got 0', { share: 1, perSecond: 0 }],
    [
      'pace" is unknown; known: share, idleForMs, openStreams, perSecond, signal, onProgress',
      { share: 1, pace: 1 },
    ],
  ])('are refused: %s', (message, options) => {
    expect(() => checkRebalanceOptions(options as RebalanceOptions)).toThrow(`option "rebalance.${message}`)
  })
})
