import { checkHistory } from '../check/check-history.ts'
import type { Violation } from '../check/violation.ts'
import type { ProofEvent, Rules } from '../history/event.ts'
import { type RedisProofTable, redisRig } from './redis-rig.ts'
import type { Rig, WorldRig } from './rig.ts'
import { type PlantedTable, sharedRig } from './shared-rig.ts'
import { live } from './world.ts'

export type { PlantedTable }

/** A table that worlds run on; `near`: with a near cache. */
export type ProvenTable = 'shared' | RedisName

type RedisName = 'ioredis' | 'node-redis' | 'near-ioredis' | 'near-node-redis'

const ON_REDIS: Readonly<Record<RedisName, RedisProofTable>> = {
  ioredis: 'redis-ioredis',
  'node-redis': 'redis-node',
  'near-ioredis': 'near-ioredis',
  'near-node-redis': 'near-node',
}

export const PROVEN_TABLES: readonly ProvenTable[] = ['shared', ...(Object.keys(ON_REDIS) as RedisName[])]

/** Limits so short that each of them is met in a round of seconds. */
const RULES: Omit<Rules, 'stalenessMs'> = {
  idleTimeoutMs: 1_500,
  absoluteTimeoutMs: 4_000,
  minMoveIntervalMs: 1_000,
  clockErrorMs: 100,
  settleMs: 1_000,
}

/**
 * Until all gateways know of a move: the bound of a near cache that is told of it is 50 ms, and the rest is for a machine with much
 * else to do.
 */
const NEAR_STALENESS_MS = 250

const GATEWAYS = 4
const ENDPOINTS = 5
const KEYS = 2_000

/** What a round came to. */
export interface Round {
  readonly seed: number
  readonly requests: number
  readonly history: readonly ProofEvent[]
  readonly violations: readonly Violation[]
}

/** Lets a world live on a table and holds its history against the laws. */
export async function round(table: ProvenTable, seed: number, durationMs: number): Promise<Round> {
  await using rig = await rigOf(table, seed)
  return await roundOn(rig, seed, durationMs, table.startsWith('near-') ? NEAR_STALENESS_MS : 0)
}

/** Where a planted bug is: on the tests' own server, or on Redis. */
export type PlantedPlace = 'shared' | 'redis'

/** A table with a bug that the checker has to find, while endpoints die and nothing else goes wrong. */
export async function plantedRound(
  table: PlantedTable,
  place: PlantedPlace,
  seed: number,
  durationMs: number,
): Promise<Round> {
  await using rig =
    place === 'shared'
      ? await sharedRig(GATEWAYS, seed, RULES, table)
      : await redisRig(GATEWAYS, seed, `${table}-redis`)
  return await roundOn({ ...rig, faults: [] }, seed, durationMs, 0)
}

async function roundOn(rig: WorldRig, seed: number, durationMs: number, stalenessMs: number): Promise<Round> {
  const plan = { seed, durationMs, gateways: GATEWAYS, endpoints: ENDPOINTS, keys: KEYS, faults: rig.faults }
  const { history, requests } = await live(plan, { ...RULES, stalenessMs }, rig)
  return { seed, requests, history, violations: checkHistory(history) }
}

function rigOf(table: ProvenTable, seed: number): Promise<Rig> {
  if (table === 'shared') return sharedRig(GATEWAYS, seed, RULES)
  return redisRig(GATEWAYS, seed, ON_REDIS[table])
}
