import { expect, it } from 'vitest'
import { CLAIM, REFRESH } from '../../../src/table/redis/redis-scripts.ts'
import { redisTable } from '../../../src/table/redis/redis-table.ts'
import { type StoredBinding, storedText } from '../../../src/table/redis/stored-value.ts'
import { fakeClock } from '../../../src/testing/fake-clock.ts'

const STORED: Omit<StoredBinding, 'until'> = {
  version: 'before',
  createdAt: 0,
  deadline: Number.POSITIVE_INFINITY,
  movedAt: undefined,
  identity: 'pod-1',
}

it('a binding that ends while the answer of a look-up is on its way is not served', async () => {
  const clock = fakeClock()
  let tripMs = 0
  const client = {
    async call(command: string, sha: string): Promise<unknown> {
      const time = [Math.floor(clock.now() / 1_000), (clock.now() % 1_000) * 1_000]
      if (command !== 'GET') return sha === REFRESH.sha ? [0, null, clock.now()] : time
      const value = storedText({ ...STORED, until: clock.now() + 20 })
      clock.advance(tripMs)
      return value
    },
  }
  await using table = redisTable(client, { pool: 'p', clock })
  expect(await table.lookup('k')).toMatchObject({ identity: 'pod-1' })
  tripMs = 30
  expect(await table.lookup('k')).toBeUndefined()
})

it('a claim over a binding that is over, sent again by the client after its answer was lost, counts as made', async () => {
  const clock = fakeClock()
  let standing = storedText({ ...STORED, until: clock.now() - 1_000 })
  const client = {
    async call(command: string, ...args: string[]): Promise<unknown> {
      if (command === 'SET') return standing
      const [sha, , , version = '', , , identity = ''] = args
      if (sha !== CLAIM.sha) return [Math.floor(clock.now() / 1_000), (clock.now() % 1_000) * 1_000]
      // The script has run once when it is sent again, and answers what it has set itself.
      standing = storedText({ ...STORED, version, identity, until: clock.now() + 1_000 })
      return [0, standing, clock.now()]
    },
  }
  await using table = redisTable(client, { pool: 'p', clock })
  expect(await table.claim('k', 'pod-2')).toMatchObject({ created: true, binding: { identity: 'pod-2' } })
})
