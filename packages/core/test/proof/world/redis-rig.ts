import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type RedisServer, redisServer } from '../../support/redis/server.ts'
import { until } from '../../support/redis/until.ts'
import type { FaultKind } from '../history/event.ts'
import { lanesTo } from './lanes.ts'
import { relayTo } from './relay.ts'
import { FORGETS_ALL, type Rig } from './rig.ts'
import type { PlantedTable } from './shared-rig.ts'

/** What a replica may not have when its master is killed, in milliseconds of writes. */
const REPLICATION_LAG_MS = 300

/** How gateways reach it: with either client, with and without a near cache. */
export type RedisProofTable = 'redis-ioredis' | 'redis-node' | 'near-ioredis' | 'near-node'

/** A table on it with a planted bug. */
export type RedisPlantedTable = `${PlantedTable}-redis`

/** A real Redis with an append-only file and a replica, behind an address that follows the master. */
export async function redisRig(
  gateways: number,
  seed: number,
  table: RedisProofTable | RedisPlantedTable,
): Promise<Rig> {
  await using started = new AsyncDisposableStack()
  let master = started.use(await redisServer({ appendonly: true }))
  let replica = started.use(await redisServer({ appendonly: true }))
  // Not in its configuration: as a master it is to start again as one.
  await copies(replica, master)
  const relay = started.use(await relayTo(master.port))
  const lanes = started.use(await lanesTo(relay.port, gateways, seed))
  const all = started.move()

  const begin: Partial<Record<FaultKind, (gateway: number) => unknown>> = {
    kill: () => master.kill(),
    restart: () => master.kill(),
    pause: () => master.pause(),
    cut: (gateway) => lanes.begin('cut', gateway),
    stall: (gateway) => lanes.begin('stall', gateway),
    async promote() {
      await master.kill()
      await replica.cli('replicaof', 'no', 'one')
      ;[master, replica] = [replica, master]
      relay.leadTo(master.port)
    },
  }
  const end: Partial<Record<FaultKind, (gateway: number) => unknown>> = {
    async kill() {
      forget(master)
      await master.restart()
      await isInStep(replica)
    },
    async restart() {
      await master.restart()
      await isInStep(replica)
    },
    pause: () => master.resume(),
    cut: (gateway) => lanes.end(gateway),
    stall: (gateway) => lanes.end(gateway),
    async promote() {
      forget(replica)
      await replica.restart()
      await copies(replica, master)
    },
  }
  return {
    table: fileURLToPath(new URL(`../tables/${table}.ts`, import.meta.url)),
    ports: lanes.ports,
    faults: ['cut', 'promote', 'clock', 'pause', 'wall-clock', 'restart', 'stall', 'kill'],
    forgetsMs: (kind) => (kind === 'kill' ? FORGETS_ALL : kind === 'promote' ? REPLICATION_LAG_MS : 0),
    begin: async (kind, gateway = 0) => void (await begin[kind]?.(gateway)),
    end: async (kind, gateway = 0) => void (await end[kind]?.(gateway)),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

function forget({ folder }: RedisServer): void {
  rmSync(join(folder, 'appendonlydir'), { recursive: true, force: true })
}

async function copies(replica: RedisServer, master: RedisServer): Promise<void> {
  await replica.cli('replicaof', '127.0.0.1', `${master.port}`)
  await isInStep(replica)
}

async function isInStep(replica: RedisServer): Promise<void> {
  await until('the replica is in step', async () =>
    (await replica.cli('info', 'replication')).includes('master_link_status:up'),
  )
}
