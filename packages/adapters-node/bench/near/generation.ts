import type { BenchOptions } from '../options.ts'
import type { Part } from '../process.ts'
import type { Ports } from '../proxies/listening.ts'
import { measure, type Stage, type Stretch, type Subject } from '../round.ts'
import type { GatewayOptions, NearUse } from './gateway.ts'

/** Gateways that differ in nothing but their table, in the order of a round. */
export const GATEWAYS = {
  memory: 'table in memory',
  again: 'the same, another process',
  near: 'near cache of a table on Redis',
} as const
export type GatewayName = keyof typeof GATEWAYS
export const NAMES: readonly GatewayName[] = Object.keys(GATEWAYS) as GatewayName[]

/** How a gateway is measured. */
export type NearBenchOptions = Stretch & Pick<BenchOptions, 'warmUpSeconds' | 'rounds'>

/** One process of each gateway. */
export interface Generation {
  /** CPU time per request in microseconds, of each round. */
  readonly cpu: Readonly<Record<GatewayName, readonly number[]>>
  /** Questions to Redis for each request, after the warm-up. */
  readonly asked: number
}

/** Starts a gateway of each kind, measures them in turn, round by round, and ends them. */
export async function measureGeneration(
  stage: Stage,
  open: (name: GatewayName) => Part,
  { backends, redisUrl }: GatewayOptions,
  number: number,
  options: NearBenchOptions,
): Promise<Generation> {
  const gateways: Subject<string>[] = []
  for (const name of NAMES) {
    const part = open(name)
    const ports = await part.ask<Ports>('listen', {
      backends,
      redisUrl: name === 'near' ? redisUrl : undefined,
    } satisfies GatewayOptions)
    await part.ask('bind', options.keys)
    // The load checks that each key stays with its backend, by the name of the gateway: a later process may choose otherwise.
    gateways.push({ name: `${GATEWAYS[name]} ${number}`, part, ports })
  }
  const round = (gateway: Subject<string>, seconds: number) =>
    measure(stage, gateway, 'small', { ...options, seconds })
  const near = gateways[NAMES.indexOf('near')] as Subject<string>
  for (const gateway of gateways) await round(gateway, options.warmUpSeconds)
  const before = await near.part.ask<NearUse>('nearUse')
  const cpu: Record<GatewayName, number[]> = { memory: [], again: [], near: [] }
  for (let turn = 0; turn < options.rounds * NAMES.length; turn++) {
    // Another one begins each round.
    const index = (turn + Math.floor(turn / NAMES.length)) % NAMES.length
    const { cpuPerRequest } = await round(gateways[index] as Subject<string>, options.seconds)
    cpu[NAMES[index] as GatewayName].push(cpuPerRequest)
  }
  const after = await near.part.ask<NearUse>('nearUse')
  await Promise.all(gateways.map(({ part }) => part.stop()))
  return { cpu, asked: askedEach(before, after) }
}

/** @throws Error if the near cache was not told of changes, or was not warm: then something else was measured */
function askedEach(before: NearUse, after: NearUse): number {
  const hits = after.hits - before.hits
  const asked = after.asked - before.asked
  if (!after.isWatched) throw new Error('the near cache was not told of changes')
  const each = asked / (hits + asked)
  if (!(each < 0.05)) throw new Error(`the near cache is not warm: ${each} questions for each request`)
  return each
}
