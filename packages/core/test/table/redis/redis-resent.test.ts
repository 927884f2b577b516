import { expect, it } from 'vitest'
import { redisTable } from '../../../src/table/redis/redis-table.ts'
import { storedText } from '../../../src/table/redis/stored-value.ts'
import { fakeClock } from '../../../src/testing/fake-clock.ts'

it('a claim over a binding that is over, sent again by the client after its answer was lost, counts as made', async () => {
  const clock = fakeClock()
  const over = storedText({
    version: 'before',
    createdAt: clock.now() - 2_000,
    until: clock.now() - 1_000,
    deadline: Number.POSITIVE_INFINITY,
    movedAt: undefined,
    identity: 'pod-1',
  })
  let standing = over
  const client = {
    async call(command: string, ...args: string[]): Promise<unknown> {
      if (command === 'SET') return standing
      const [, , , now, value] = args
      if (now === undefined) return [Math.floor(clock.now() / 1_000), (clock.now() % 1_000) * 1_000]
      // The script has run once when it is sent again, and answers what it has set itself.
      standing = value as string
      return [0, standing]
    },
  }
  await using table = redisTable(client, { pool: 'p', clock })
  expect(await table.claim('k', 'pod-2')).toMatchObject({ created: true, binding: { identity: 'pod-2' } })
})
