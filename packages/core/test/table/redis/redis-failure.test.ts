import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { inspect } from 'node:util'
import { expect, it, vi } from 'vitest'
import { failureOf, isAway, replyCode, shownError } from '../../../src/table/redis/redis-failure.ts'
import { redisTable } from '../../../src/table/redis/redis-table.ts'
import { describeRedis } from '../../support/redis/describe-redis.ts'
import { redisServer } from '../../support/redis/server.ts'
import { type ClientKind, openSingle } from '../../support/redis/single-clients.ts'

vi.setConfig({ testTimeout: 60_000 })

const PATIENT = { timeout: 20_000 }

it('is shown with its message, name, code and stack, and without what else a client has attached', () => {
  const said = Object.assign(new Error('WRONGTYPE no'), { code: 'X', command: { args: ['alice'] } })
  said.name = 'ReplyError'
  const shown = failureOf(said).cause
  expect(shown).toMatchObject({ message: 'WRONGTYPE no', name: 'ReplyError', code: 'X', stack: said.stack })
  expect(shown).not.toHaveProperty('command')
  expect(said).toHaveProperty('command')
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', port: 1 })
  expect(shownError(refused)).toBe(refused)
})

it('is a refusal, and no server that is away, where a client of a Cluster gave up on a slot that is moved', () => {
  const said = new Error(
    'Too many Cluster redirections. Last error: ReplyError: TRYAGAIN Multiple keys request during rehashing of slot',
  )
  expect(replyCode(said)).toBe('TRYAGAIN')
  expect(isAway(said)).toBe(false)
  expect(failureOf(said).message).toMatch(/the slot of the key is being moved/)
})

async function outcomeOf(call: () => unknown): Promise<unknown> {
  try {
    return await call()
  } catch (error) {
    return error
  }
}

describeRedis('an error of a table on Redis', (program) => {
  it.each<ClientKind>(['ioredis', 'iovalkey', 'node-redis', 'valkey-glide'])(
    'has no key in it, whatever fails, with %s',
    async (kind) => {
      await using server = await redisServer({ program })
      await using open = await openSingle[kind](server)
      const told: unknown[] = []
      const tell = (message: unknown) => told.push(message)
      subscribe('limpet:table:state', tell)
      await using table = redisTable(open.client, {
        pool: 'p',
        callTimeoutMs: 1_000,
        maxFailures: 1,
        probeMs: 20,
      })
      await server.cli('LPUSH', 'limpet:p:alice', 'a')
      await vi.waitFor(() => table.lookup('bob'), PATIENT)
      const errors: unknown[] = [await outcomeOf(() => table.lookup('alice'))]
      errors.push(await outcomeOf(() => table.claim('alice', 'web-1')))
      await server.kill()
      await vi.waitFor(async () => {
        errors.push(await outcomeOf(() => table.lookup('alice')))
        expect(errors.at(-1)).toMatchObject({ code: 'table-away' })
      }, PATIENT)
      unsubscribe('limpet:table:state', tell)
      expect(errors[0]).toMatchObject({ code: 'table-failed' })
      expect(told).toContainEqual(expect.objectContaining({ state: 'away' }))
      expect(inspect([errors, told], { depth: 20, showHidden: true })).not.toMatch(/alice/)
    },
  )
})
