import { describe, expect, it } from 'vitest'
import { redisTable } from '../../../src/table/redis/redis-table.ts'

const client = { customCommand: async () => null }

describe('the options of redisTable', () => {
  it.each([
    [{}, /redisTable\.pool/],
    [{ pool: 'a:b' }, /redisTable\.pool/],
    [{ pool: 'a', prefix: '' }, /redisTable\.prefix/],
    [{ pool: 'a', idleTimeoutMs: 10 }, /redisTable\.idleTimeoutMs/],
    [{ pool: 'a', idleTimeoutMs: Number.POSITIVE_INFINITY }, /redisTable\.idleTimeoutMs/],
    [{ pool: 'a', absoluteTimeoutMs: 0 }, /redisTable\.absoluteTimeoutMs/],
    [{ pool: 'a', keys: 'hashed' }, /redisTable\.keys/],
    [{ pool: 'a', keys: 'fingerprint', secret: 'short' }, /redisTable\.secret/],
    [{ pool: 'a', secret: 'a secret of some length' }, /redisTable\.keys.*for a secret/],
    [{ pool: 'a', callTimeoutMs: 0 }, /redisTable\.callTimeoutMs/],
    [{ pool: 'a', maxFailures: 0 }, /redisTable\.maxFailures/],
    [{ pool: 'a', probeMs: 0 }, /redisTable\.probeMs/],
    [{ pool: 'a', clock: {} }, /redisTable\.clock/],
    [{ pool: 'a', index: 'yes' }, /redisTable\.index/],
    [{ pool: 'a', index: true, countEveryMs: 1_000 }, /redisTable\.countEveryMs.*redisTable\.index/],
    [{ pool: 'a', index: true, indexBuckets: 0 }, /redisTable\.indexBuckets/],
    [{ pool: 'a', index: true, indexBuckets: 4_097 }, /redisTable\.indexBuckets/],
    [{ pool: 'a', indexBuckets: 64 }, /redisTable\.index".*redisTable\.indexBuckets/],
    [{ pool: 'a', ttl: 1 }, /redisTable.*ttl/],
  ])('%j are refused by name', (options, message) => {
    expect(() => redisTable(client, options as never)).toThrow(message)
  })

  it('never show a secret', () => {
    try {
      redisTable(client, { pool: 'a', keys: 'fingerprint', secret: 'hunter2' })
      expect.unreachable()
    } catch (error) {
      expect(String(error)).not.toContain('hunter2')
    }
  })
})
