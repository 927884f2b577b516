import assert from 'node:assert/strict'
import type { MaybePromise } from '../maybe-promise.ts'
import type { Binding, Move, StickyTable } from '../table/sticky-table.ts'
import { COMPUTED_TABLE_CASES } from './computed-table-cases.ts'
import type { TableDeviations, TableTimeouts, TableUnderTest } from './table-under-test.ts'
import type { TestRegistry } from './test-registry.ts'

/** @public */
export interface StickyTableConformanceOptions {
  readonly registry: TestRegistry
  /** Stands in the name of the suite. */
  readonly name: string
  /** Makes an empty table. Called once for each case. */
  readonly create: (timeouts: TableTimeouts) => MaybePromise<TableUnderTest>
  readonly deviations?: TableDeviations
}

const IDLE = 4_000
const ABSOLUTE = 10_000

/** Some of each kind: text as it comes, wire bytes above 0x7F, the empty identity's neighbours, very long keys. */
const KEYS = [
  'a',
  'A',
  'a ',
  '\u00e9',
  '\u00c3\u00a9',
  'x'.repeat(64),
  'x'.repeat(65),
  `${'x'.repeat(4_000)}y`,
]

/**
 * The contract of {@link StickyTable} as test cases. Every table must pass it, with its deviations declared.
 *
 * @public
 */
export function stickyTableConformance(options: StickyTableConformanceOptions): void {
  const { registry, name, create, deviations = {} } = options
  const { idleSlack = 0 } = deviations
  const hasTimes = deviations.times !== 'none'
  const timeouts = { idleTimeoutMs: IDLE, absoluteTimeoutMs: ABSOLUTE }

  const withTable = async (
    run: (table: StickyTable, advance: (ms: number) => Promise<void>) => Promise<void>,
  ) => {
    const { table, advance, close } = await create(timeouts)
    try {
      await run(table, async (ms) => {
        assert.ok(advance, 'a table with times must say how time passes in its tests')
        await advance(ms)
      })
    } finally {
      await close?.()
    }
  }
  const it = (title: string, run: Parameters<typeof withTable>[0]) => registry.it(title, () => withTable(run))
  const itHasTimes = hasTimes ? it : () => undefined

  if (deviations.bindings === 'computed') {
    assert.ok(
      !hasTimes,
      'a table that computes its bindings has no times: declare the deviation `times: "none"` too',
    )
    registry.describe(`${name} is a sticky table that computes its bindings`, () => {
      for (const [title, run] of Object.entries(COMPUTED_TABLE_CASES)) it(title, run)
    })
    return
  }

  registry.describe(`${name} is a sticky table`, () => {
    it('answers undefined for a key that was never bound', async (table) => {
      assert.equal(await table.lookup('a'), undefined)
    })

    it('binds an unbound key to the candidate, and says so to the one that did', async (table) => {
      const claim = await table.claim('a', 'pod-1')
      assert.equal(claim.created, true)
      assert.equal(claim.binding.identity, 'pod-1')
      assertSame(await table.lookup('a'), claim.binding)
    })

    it('answers the standing binding to a later claim', async (table) => {
      const first = await table.claim('a', 'pod-1')
      const second = await table.claim('a', 'pod-2')
      assert.equal(second.created, false)
      assertSame(second.binding, first.binding)
    })

    it('has one winner among concurrent claims, and every claim answers it', async (table) => {
      const claims = await Promise.all(
        Array.from({ length: 50 }, async (_, index) => await table.claim('a', `pod-${index}`)),
      )
      assert.equal(claims.filter(({ created }) => created).length, 1)
      for (const { binding } of claims) assertSame(binding, claims[0]?.binding)
    })

    it('keeps keys apart that differ in one character, in case, or far behind', async (table) => {
      for (const [index, key] of KEYS.entries()) await table.claim(key, `pod-${index}`)
      for (const [index, key] of KEYS.entries()) {
        assert.equal(
          (await table.lookup(key))?.identity,
          `pod-${index}`,
          `key ${index} of ${key.length} characters`,
        )
      }
    })

    it('moves a binding that still stands', async (table) => {
      const from = await bound(table, 'a', 'pod-1')
      const move = await table.move('a', from, 'pod-2')
      assert.equal(move.moved, true)
      assert.equal(move.binding.identity, 'pod-2')
      assert.notEqual(move.binding.version, from.version)
      assertSame(await table.lookup('a'), move.binding)
    })

    it('does not move a binding that was moved before, and answers what stands', async (table) => {
      const from = await bound(table, 'a', 'pod-1')
      const first = await table.move('a', from, 'pod-2')
      const second = await table.move('a', from, 'pod-3')
      assert.equal(second.moved, false)
      assertSame(second.binding, first.binding)
    })

    it('tells a binding from an earlier one to the same endpoint', async (table) => {
      const first = await bound(table, 'a', 'pod-1')
      const away = await table.move('a', first, 'pod-2')
      const back = await table.move('a', standingOf(away), 'pod-1')
      assert.equal(back.moved, true)
      assert.equal((await table.move('a', first, 'pod-3')).moved, false)
    })

    it('tells a binding from an earlier one that was released', async (table) => {
      const first = await bound(table, 'a', 'pod-1')
      await table.release('a')
      await table.claim('a', 'pod-1')
      assert.equal((await table.move('a', first, 'pod-2')).moved, false)
      assert.equal(await table.release('a', first), false)
      assert.equal((await table.lookup('a'))?.identity, 'pod-1')
    })

    it('has one winner among concurrent moves from one binding', async (table) => {
      const from = await bound(table, 'a', 'pod-0')
      const moves = await Promise.all(
        Array.from({ length: 50 }, async (_, index) => await table.move('a', from, `pod-${index + 1}`)),
      )
      assert.equal(moves.filter(({ moved }) => moved).length, 1)
      for (const { binding } of moves) assertSame(binding, moves[0]?.binding)
    })

    it('claims an absent key by a move, for the one that did it', async (table) => {
      const from = await bound(table, 'a', 'pod-1')
      await table.release('a')
      const moves = await Promise.all(['pod-2', 'pod-3'].map(async (to) => await table.move('a', from, to)))
      assert.deepEqual(moves.map(({ moved }) => moved).sort(), [false, true])
      assertSame(moves[0]?.binding, moves[1]?.binding)
    })

    it('releases a binding once', async (table) => {
      await table.claim('a', 'pod-1')
      assert.equal(await table.release('a'), true)
      assert.equal(await table.release('a'), false)
      assert.equal(await table.lookup('a'), undefined)
    })

    it('releases only the binding it is given', async (table) => {
      const from = await bound(table, 'a', 'pod-1')
      const standing = standingOf(await table.move('a', from, 'pod-2'))
      assert.equal(await table.release('a', from), false)
      assertSame(await table.lookup('a'), standing)
      assert.equal(await table.release('a', standing), true)
    })

    it('leaves other keys alone', async (table) => {
      const binding = await bound(table, 'a', 'pod-1')
      await table.claim('b', 'pod-2')
      await table.move('a', binding, 'pod-3')
      await table.release('a')
      assert.equal((await table.lookup('b'))?.identity, 'pod-2')
    })

    it('gives snapshots: later changes do not show in a binding answered before', async (table) => {
      const binding = await bound(table, 'a', 'pod-1')
      const copy = { ...binding }
      await table.move('a', binding, 'pod-2')
      await table.lookup('a')
      assert.deepEqual({ ...binding }, copy)
    })

    itHasTimes('ends a binding at its idle timeout', async (table, advance) => {
      await table.claim('a', 'pod-1')
      await advance(IDLE * (1 + idleSlack) + 1)
      assert.equal(await table.lookup('a'), undefined)
      assert.equal((await table.claim('a', 'pod-2')).created, true)
    })

    for (const use of ['lookup', 'claim', 'touch'] as const) {
      itHasTimes(`keeps a binding past its idle timeout when ${use} uses it`, async (table, advance) => {
        const binding = await bound(table, 'a', 'pod-1')
        for (let passed = 0; passed < ABSOLUTE - IDLE / 2; passed += IDLE / 2) {
          if (use === 'lookup') await table.lookup('a')
          else if (use === 'claim') await table.claim('a', 'pod-2')
          else await table.touch('a', binding)
          await advance(IDLE / 2)
        }
        assert.equal((await table.lookup('a'))?.identity, 'pod-1')
      })
    }

    itHasTimes('ends a binding at its absolute timeout, however much it is used', async (table, advance) => {
      await table.claim('a', 'pod-1')
      for (let passed = 0; passed < ABSOLUTE; passed += IDLE / 2) {
        assert.equal((await table.lookup('a'))?.identity, 'pod-1', `after ${passed} ms`)
        await advance(IDLE / 2)
      }
      assert.equal(await table.lookup('a'), undefined)
    })

    itHasTimes('does not start the absolute timeout again with a move', async (table, advance) => {
      const first = await bound(table, 'a', 'pod-1')
      await advance(IDLE / 2)
      const binding = standingOf(await table.move('a', first, 'pod-2'))
      assert.equal(binding.createdAt, first.createdAt)
      assert.ok(binding.movedAt !== undefined && binding.movedAt > first.createdAt)
      assert.ok(binding.expiresAt <= first.createdAt + ABSOLUTE)
    })

    itHasTimes(
      'does not keep a binding alive by a touch of one that no longer stands',
      async (table, advance) => {
        const first = await bound(table, 'a', 'pod-1')
        await table.move('a', first, 'pod-2')
        for (let passed = 0; passed <= IDLE * (1 + idleSlack); passed += IDLE / 4) {
          await table.touch('a', first)
          await advance(IDLE / 4)
        }
        assert.equal(await table.lookup('a'), undefined)
      },
    )

    itHasTimes('neither moves nor releases an expired binding', async (table, advance) => {
      const binding = await bound(table, 'a', 'pod-1')
      await advance(IDLE * (1 + idleSlack) + 1)
      assert.equal(await table.release('a', binding), false)
      const move = await table.move('a', binding, 'pod-2')
      assert.equal(move.moved, true)
      assert.ok(move.binding.createdAt > binding.createdAt, 'an expired key is bound anew')
    })

    itHasTimes('says when a binding ends: the sooner of both timeouts', async (table, advance) => {
      const binding = await bound(table, 'a', 'pod-1')
      const life = binding.expiresAt - binding.createdAt
      assert.ok(life >= IDLE && life <= IDLE * (1 + idleSlack), `idle life of ${life} ms`)
      for (let passed = 0; passed < ABSOLUTE - IDLE / 2; passed += IDLE / 2) {
        await table.lookup('a')
        await advance(IDLE / 2)
      }
      const late = await table.lookup('a')
      assert.equal(late?.expiresAt, binding.createdAt + ABSOLUTE)
    })
  })
}

/** Binds a key that is unbound; a table under test has room. */
async function bound(table: StickyTable, key: string, identity: string): Promise<Binding> {
  const { binding } = await table.claim(key, identity)
  assert.ok(binding, 'expected a binding')
  return binding
}

/** A binding that a move of a table with room answers. */
function standingOf({ binding }: Move): Binding {
  assert.ok(binding, 'expected a binding')
  return binding
}

/** The same state of a binding. Times of expiry move with each use, so they are no part of it. */
function assertSame(actual: Binding | undefined, expected: Binding | undefined): void {
  assert.ok(actual && expected, 'expected a binding')
  assert.deepEqual([actual.identity, actual.version], [expected.identity, expected.version])
}
