import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { redisTable } from '../../../src/table/redis/redis-table.ts'
import type { Binding } from '../../../src/table/sticky-table.ts'
import { fakeClock } from '../../../src/testing/fake-clock.ts'
import { stickyTableConformance } from '../../../src/testing/sticky-table-conformance.ts'
import { tableCapabilitiesConformance } from '../../../src/testing/table-capabilities-conformance.ts'
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
    tableCapabilitiesConformance({
      registry: { describe, it },
      name: `redisTable with ${kind}`,
      capabilities: ['BindingList', 'BulkRelease'],
      create: (timeouts) => {
        const clock = fakeClock()
        const client = kind === 'ioredis' ? io : node
        const table = redisTable(client, { pool: `p${pools++}`, clock, callTimeoutMs: 5_000, ...timeouts })
        return { table, advance: (ms) => clock.advance(ms), close: () => table.close() }
      },
    })
  }

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

  it('is the same table for two clients of different kinds', async () => {
    const options = { pool: `p${pools++}`, callTimeoutMs: 5_000 }
    await using one = redisTable(io, options)
    await using other = redisTable(node, options)
    const { binding } = await one.claim('k', 'pod-1')
    expect(await other.claim('k', 'pod-2')).toMatchObject({ created: false, binding: { identity: 'pod-1' } })
    expect(await other.move('k', binding as Binding, 'pod-2')).toMatchObject({ moved: true })
    expect(await one.lookup('k')).toMatchObject({ identity: 'pod-2', createdAt: binding?.createdAt })
  })
})
