import fc from 'fast-check'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { CallClient, RedisClient } from '../../../src/table/redis/redis-client.ts'
import { REFRESH } from '../../../src/table/redis/redis-scripts.ts'
import { redisTable } from '../../../src/table/redis/redis-table.ts'
import { type StoredBinding, storedText } from '../../../src/table/redis/stored-value.ts'
import type { Binding } from '../../../src/table/sticky-table.ts'
import { fakeClock } from '../../../src/testing/fake-clock.ts'
import { clockedClient } from '../../support/redis/clocked-client.ts'
import { FAR_AHEAD_MS } from '../../support/redis/clocked-script.ts'
import { describeRedis } from '../../support/redis/describe-redis.ts'
import { jumpHistory, livesThrough } from '../../support/redis/jump-history.ts'
import { type JumpingGateway, jumpingGateways } from '../../support/redis/jumping-gateways.ts'
import { Rule12 } from '../../support/redis/rule-12.ts'
import { type RedisServer, redisServer } from '../../support/redis/server.ts'
import { connectedClients } from '../../support/redis/single-clients.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 })

const HOUR = 3_600_000
const IDLE = 40_000
const ABSOLUTE = 150_000

describeRedis('redisTable, when clocks of gateways jump,', (program) => {
  let server: RedisServer
  let clients: Awaited<ReturnType<typeof connectedClients>>
  let pools = 0
  const open = (options: { absoluteTimeoutMs?: number } = {}) => {
    const client = clients.all.get('ioredis')?.client as RedisClient
    return jumpingGateways(client, 3, { pool: `j${pools++}`, idleTimeoutMs: IDLE, ...options })
  }

  beforeAll(async () => {
    server = await redisServer({ program })
    clients = await connectedClients(server)
  })
  afterAll(async () => {
    await clients?.[Symbol.asyncDispose]()
    await server?.stop()
  })

  it.each([HOUR, -HOUR])('neither ends nor moves what others have bound, at once after %i ms', async (ms) => {
    await using world = open()
    const [one, other] = world.gateways as [JumpingGateway, JumpingGateway]
    const { binding } = await one.table.claim('k', 'pod-1')
    await other.table.lookup('k')
    other.jump(ms)
    expect(await other.table.lookup('k')).toMatchObject({ version: binding?.version })
    expect(await other.table.claim('k', 'pod-2')).toMatchObject({
      created: false,
      binding: { identity: 'pod-1' },
    })
    const stale = { ...(binding as Binding), version: 'before' }
    expect(await other.table.move('k', stale, 'pod-2')).toMatchObject({ moved: false })
    expect(await other.table.release('k', stale)).toBe(false)
    expect(await one.table.lookup('k')).toMatchObject({ version: binding?.version, identity: 'pod-1' })
  })

  it('gives moments in the time that each clock shows after its jump', async () => {
    await using world = open()
    const [one, other] = world.gateways as [JumpingGateway, JumpingGateway]
    await one.table.claim('k', 'pod-1')
    for (const ms of [HOUR, -HOUR, -HOUR]) {
      other.jump(ms)
      const binding = await other.table.lookup('k')
      expect(binding?.createdAt).toBe(other.clock.now())
      expect(binding?.expiresAt).toBe(other.clock.now() + IDLE * 1.25)
    }
  })

  it.each([
    { off: HOUR, ends: 'late' },
    { off: -HOUR, ends: 'early' },
  ])('puts a claim right whose moments say that it ends an hour too $ends', async ({ off }) => {
    await using world = open({ absoluteTimeoutMs: ABSOLUTE })
    const [gateway] = world.gateways as [JumpingGateway]
    const createdAt = world.server.now() + off
    const wrong: StoredBinding = {
      version: 'wrong1',
      createdAt,
      until: createdAt + IDLE * 1.25,
      deadline: createdAt + ABSOLUTE,
      movedAt: undefined,
      identity: 'pod-1',
    }
    const endsAt = String(FAR_AHEAD_MS + world.server.now() + IDLE * 1.25)
    for (const name of ['looked-up', 'claimed', 'moved'])
      await server.cli('SET', `limpet:j${pools - 1}:${name}`, storedText(wrong), 'PXAT', endsAt)
    await world.advance(1_000)
    const here = gateway.clock.now()
    await gateway.table.lookup('not bound')
    const right = { version: 'wrong1', createdAt: here - 1_000, expiresAt: here + IDLE * 1.25 }
    expect(await gateway.table.lookup('looked-up')).toEqual({ ...right, identity: 'pod-1' })
    const { binding } = await gateway.table.claim('claimed', 'pod-2')
    expect(binding).toEqual({ ...right, identity: 'pod-1', expiresAt: here + IDLE * 1.25 - 1_000 })
    const moved = await gateway.table.move('moved', { ...(binding as Binding), version: 'wrong1' }, 'pod-2')
    expect(moved.moved).toBe(true)
    expect(moved.binding).toMatchObject({
      createdAt: here - 1_000,
      movedAt: here,
      expiresAt: right.expiresAt,
    })
    // The deadline is put right with the rest.
    for (let passedMs = 1_000; passedMs < ABSOLUTE - 10_000; passedMs += 10_000) {
      expect(await gateway.table.lookup('looked-up'), `after ${passedMs} ms`).toBeDefined()
      await world.advance(10_000)
    }
    expect((await gateway.table.lookup('looked-up'))?.expiresAt).toBe(here - 1_000 + ABSOLUTE)
    await world.advance(10_000)
    expect(await gateway.table.lookup('looked-up')).toBeUndefined()
  })

  it('learns by the first script that a machine stood still whose clocks tell nothing of it', async () => {
    await using world = open()
    const [one, other] = world.gateways as [JumpingGateway, JumpingGateway]
    await other.table.lookup('k')
    await world.pause(other, HOUR)
    await one.table.claim('k', 'pod-1')
    const binding = await other.table.lookup('k')
    expect(binding?.createdAt).toBe(other.clock.now())
    expect((await other.table.claim('new', 'pod-1')).binding?.createdAt).toBe(other.clock.now())
    expect((await one.table.lookup('new'))?.createdAt).toBe(one.clock.now())
    expect(binding?.expiresAt).toBe(other.clock.now() + IDLE * 1.25)
  })

  it('counts a use by a machine that stood still, though its first message says that it comes too late', async () => {
    await using world = open()
    const [, other] = world.gateways as [JumpingGateway, JumpingGateway]
    const { binding } = await other.table.claim('k', 'pod-1')
    await world.pause(other, IDLE)
    await other.table.touch('k', { ...(binding as Binding), expiresAt: other.clock.now() })
    await world.advance(IDLE - 200)
    expect(await other.table.lookup('k')).toMatchObject({ version: binding?.version })
  })

  it('does not lengthen a life by a use whose message arrives long after it', async () => {
    const clock = fakeClock()
    const given = clockedClient(clients.all.get('ioredis')?.client as RedisClient, clock)
    const send = (given.client as CallClient).call.bind(given.client)
    const held: (() => Promise<unknown>)[] = []
    const slow: RedisClient = {
      call: (...command) =>
        command[1] !== REFRESH.sha
          ? send(...command)
          : new Promise((resolve) => held.push(() => send(...command).then(resolve))),
    }
    await using table = redisTable(slow, {
      pool: `j${pools++}`,
      idleTimeoutMs: IDLE,
      callTimeoutMs: 50,
      clock,
    })
    await table.claim('k', 'pod-1')
    await given.advance(IDLE)
    expect(await table.lookup('k')).toBeDefined()
    await given.advance(IDLE / 5)
    expect(held).toHaveLength(1)
    await held[0]?.()
    await given.advance(IDLE / 5)
    expect(await table.lookup('k')).toBeUndefined()
  })

  it('writes the uses of a binding that was answered before its clock went back', async () => {
    await using world = open()
    const [gateway] = world.gateways as [JumpingGateway]
    const { binding } = await gateway.table.claim('k', 'pod-1')
    gateway.jump(-HOUR)
    for (let passedMs = 0; passedMs < 4 * IDLE; passedMs += IDLE / 2) {
      await gateway.table.touch('k', binding as Binding)
      await world.advance(IDLE / 2)
    }
    expect(await gateway.table.lookup('k')).toMatchObject({ version: binding?.version })
  })

  it.each([Number.POSITIVE_INFINITY, ABSOLUTE])(
    'keeps rule 12 through every history, with an absolute timeout of %d ms',
    async (absoluteTimeoutMs) => {
      await fc.assert(
        fc.asyncProperty(jumpHistory(IDLE, ABSOLUTE), async (history) => {
          await using world = open({ absoluteTimeoutMs })
          const model = new Rule12(IDLE, absoluteTimeoutMs)
          await livesThrough(history, world, model, IDLE)
        }),
        { numRuns: 100 },
      )
    },
  )
})
