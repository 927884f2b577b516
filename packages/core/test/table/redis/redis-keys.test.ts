import { createHash, createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { IndexedKeys } from '../../../src/table/redis/indexed-keys.ts'
import { RedisKeys } from '../../../src/table/redis/redis-keys.ts'

const naming = { prefix: 'limpet', pool: 'chat', keys: 'exact', secret: undefined } as const

describe('the name of a key in Redis', () => {
  it('is the key behind prefix and pool', () => {
    expect(new RedisKeys(naming).of('session-42')).toBe('limpet:chat:session-42')
  })

  it('is never longer than that of a short key, and differs where keys differ', () => {
    const keys = new RedisKeys(naming)
    const key = fc.string({ unit: 'binary', minLength: 1, maxLength: 200 })
    fc.assert(
      fc.property(key, key, (one, other) => {
        expect(keys.of(one).length).toBeLessThanOrEqual('limpet:chat:'.length + 65)
        expect(keys.of(one) === keys.of(other)).toBe(one === other)
      }),
    )
    expect(keys.of('x'.repeat(1_000_000))).toHaveLength('limpet:chat:'.length + 65)
  })

  it('as a fingerprint shows nothing of the key', () => {
    const bytes = Buffer.from('caf\u00e9', 'latin1')
    const sha = createHash('sha256').update(bytes).digest('base64url').slice(0, 22)
    expect(new RedisKeys({ ...naming, keys: 'fingerprint' }).of('caf\u00e9')).toBe(`limpet:chat:${sha}`)
    const secret = 'a secret of some length'
    const mac = createHmac('sha256', secret).update(bytes).digest('base64url').slice(0, 22)
    expect(new RedisKeys({ ...naming, keys: 'fingerprint', secret }).of('caf\u00e9')).toBe(
      `limpet:chat:${mac}`,
    )
  })

  it('is found by its name with an index, which is no other name of that pool', () => {
    const [plain, indexed] = [new RedisKeys(naming), new IndexedKeys(naming, 4_096)]
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'binary-ascii' }), (key) => {
        expect(plain.plainNameOf(indexed.of(key))).toBe(plain.of(key))
        expect(plain.plainNameOf(plain.of(key))).toBe(plain.of(key))
        expect(indexed.messageOf(indexed.of(key))).toBe(plain.of(key))
        expect(indexed.nameOf(indexed.bucketOf(indexed.of(key)), indexed.keptIn(indexed.of(key)))).toBe(
          indexed.of(key),
        )
        expect(plain.plainNameOf(indexed.index(7, key))).toBeUndefined()
        expect(indexed.keyOf(indexed.of(key))).toBe(plain.keyOf(plain.of(key)))
      }),
    )
    expect([plain.plainNameOf(indexed.endpoints), plain.plainNameOf(plain.time)]).toEqual([
      undefined,
      undefined,
    ])
  })

  it('is not that of the time', () => {
    expect(new RedisKeys(naming).time).toBe('limpet:chat:')
  })
})
