import assert from 'node:assert/strict'
import type { StickyTable } from '../table/sticky-table.ts'

/** What a table that computes its bindings keeps of the contract, and what it does in place of the rest. */
export const COMPUTED_TABLE_CASES: Readonly<Record<string, (table: StickyTable) => Promise<void>>> = {
  'answers one binding of a key, whoever asks': async (table) => {
    for (const key of keys()) {
      const binding = await table.lookup(key)
      assert.ok(binding, 'a table that computes its bindings, with endpoints, knows every key')
      assert.deepEqual(await table.lookup(key), binding)
      assert.deepEqual((await table.claim(key, 'pod-that-is-not-there')).binding, binding)
      assert.deepEqual((await table.move(key, binding, 'pod-that-is-not-there')).binding, binding)
    }
  },

  'spreads keys over more than one endpoint': async (table) => {
    const identities = new Set<string | undefined>()
    for (const key of keys()) identities.add((await table.lookup(key))?.identity)
    assert.ok(identities.size > 1)
  },

  'makes no binding: no claim is the first': async (table) => {
    const claims = await Promise.all(
      Array.from({ length: 50 }, async (_, index) => await table.claim('a', `pod-${index}`)),
    )
    assert.equal(claims.filter(({ created }) => created).length, 0)
    for (const { binding } of claims) assert.deepEqual(binding, claims[0]?.binding)
  },

  'moves nothing, and answers what stands': async (table) => {
    const from = await table.lookup('a')
    assert.ok(from)
    const move = await table.move('a', from, 'pod-2')
    assert.equal(move.moved, false)
    assert.deepEqual(move.binding, from)
    assert.deepEqual(await table.lookup('a'), from)
  },

  'releases nothing': async (table) => {
    const binding = await table.lookup('a')
    assert.ok(binding)
    assert.equal(await table.release('a'), false)
    assert.equal(await table.release('a', binding), false)
    assert.deepEqual(await table.lookup('a'), binding)
  },

  'has bindings that never expire, and takes uses of them': async (table) => {
    const binding = await table.lookup('a')
    assert.ok(binding)
    assert.equal(binding.expiresAt, Number.POSITIVE_INFINITY)
    await table.touch('a', binding)
    assert.deepEqual(await table.lookup('a'), binding)
  },
}

function keys(): readonly string[] {
  return [
    '\u00e9',
    '\u00c3\u00a9',
    'x'.repeat(5_000),
    ...Array.from({ length: 200 }, (_, index) => `key-${index}`),
  ]
}
