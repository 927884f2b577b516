import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { redisTable } from '../../../src/table/redis/redis-table.ts'
import { fakeClock } from '../../../src/testing/fake-clock.ts'
import { stickyTableConformance } from '../../../src/testing/sticky-table-conformance.ts'
import {
  describeWith,
  freePort,
  programFolder,
  type RunningProgram,
  run,
} from '../../support/real-program.ts'

describeWith('redis-server', 'redisTable', () => {
  let server: RunningProgram
  let io: Redis
  let node: ReturnType<typeof createClient>
  let pools = 0

  beforeAll(async () => {
    const port = await freePort()
    server = await run('redis-server', ['--port', String(port), '--save', ''], programFolder(), async () => {
      const probe = new Redis({ port, lazyConnect: true, retryStrategy: () => null })
      probe.on('error', () => undefined)
      try {
        await probe.connect()
        return (await probe.ping()) === 'PONG'
      } catch {
        return false
      } finally {
        probe.disconnect()
      }
    })
    io = new Redis({ port })
    node = createClient({ url: `redis://127.0.0.1:${port}` })
    await node.connect()
  })
  afterAll(async () => {
    io?.disconnect()
    node?.destroy()
    await server?.stop()
  })

  for (const kind of ['ioredis', 'node-redis'] as const) {
    stickyTableConformance({
      registry: { describe, it },
      name: `redisTable with ${kind}`,
      deviations: { idleSlack: 0.25 },
      create: (timeouts) => {
        const clock = fakeClock()
        const client = kind === 'ioredis' ? io : node
        const table = redisTable(client, { pool: `p${pools++}`, clock, callTimeoutMs: 5_000, ...timeouts })
        return { table, advance: (ms) => clock.advance(ms), close: () => table.close() }
      },
    })
  }

  it('works', () => expect(1).toBe(1))
})
