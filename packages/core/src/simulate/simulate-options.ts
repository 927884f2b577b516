import type { Clock } from '../clock.ts'
import {
  choiceOption,
  contractOption,
  durationOption,
  functionOption,
  integerOption,
  invalidOption,
  optionsObject,
} from '../option.ts'
import type { Change, SimulatedEndpointInit } from './change.ts'
import { checkedChanges, checkedEndpoints } from './checked-change.ts'
import { MOST_ENDPOINTS, type Workload } from './fleet.ts'
import { type CheckedMapping, checkedMapping, type SimulatedMapping } from './mapping.ts'
import { type Plan, planOf } from './plan.ts'
import { PodNames } from './pod-names.ts'
import type { SyntheticKeys } from './synthetic-keys.ts'

/** The pool that changes are played on. @public */
export interface SimulatedPool {
  /** How many there are before the first change, 0 to 5 000, or which. */
  readonly endpoints: number | Iterable<SimulatedEndpointInit>
  /** 1 to 10 000 000. Default 100 000. */
  readonly bindings?: number
  /** How keys find their endpoint, by a name for each; at least one. Default `table`, `ring` and `maglev`. */
  readonly mappings?: Readonly<Record<string, SimulatedMapping>>
  /** What the pods belong to: it says what names they have and whether these stay. Default `StatefulSet`. */
  readonly workload?: Workload
  /** What names of pods begin with: `web-0` or `web-x7k2d`. Default `web`. */
  readonly name?: string
  /** Keys that look like random UUIDs, or `session-0`, `session-1` …: some hashes take to these badly. Default `uuid`. */
  readonly keys?: SyntheticKeys
}

/** Options of {@link simulate}. @public */
export interface SimulateOptions {
  /** Ends the simulation after the slice under way; the call then rejects with the signal's reason. */
  readonly signal?: AbortSignal
  /** Milliseconds of work between two turns of the event loop, from 1; making a mapping is one piece. Default 8. */
  readonly sliceMs?: number
  /** Told after each slice and each step. */
  readonly onProgress?: (progress: SimulationProgress) => void
  /** What keys, names and who goes are drawn from, 0 to 4 294 967 295. The same seed gives the same results. Default 0. */
  readonly seed?: number
  /** What `sliceMs` is measured by. Default: a monotonic clock. */
  readonly clock?: Pick<Clock, 'now'>
}

/** How far a simulation has come. @public */
export interface SimulationProgress {
  /** Bindings held against a set of endpoints, of all mappings and steps. */
  readonly done: number
  readonly total: number
  /** The mapping that is played. */
  readonly mapping: string
  /** Index of the change that is played; undefined while bindings are placed before the first. */
  readonly change: number | undefined
  /** Index of its step. */
  readonly step: number
}

const POOL = [
  'endpoints',
  'bindings',
  'mappings',
  'workload',
  'name',
  'keys',
] as const satisfies readonly (keyof SimulatedPool)[]
const OPTIONS = [
  'signal',
  'sliceMs',
  'onProgress',
  'seed',
  'clock',
] as const satisfies readonly (keyof SimulateOptions)[]
const MOST_BINDINGS = 10_000_000
const MOST_MAPPINGS = 100
const NAME = /^[\x20-\x7e]{1,63}$/
const DEFAULT_MAPPINGS = { table: 'table', ring: 'ring', maglev: 'maglev' } as const
const RUNNING: Pick<Clock, 'now'> = { now: () => performance.now() }

/** What a simulation is made of. */
export interface CheckedSimulation {
  readonly bindings: number
  readonly keys: SyntheticKeys
  readonly seed: number
  readonly sliceMs: number
  readonly clock: Pick<Clock, 'now'>
  readonly mappings: readonly CheckedMapping[]
  readonly plan: Plan
}

/** @throws StickyError `invalid-option`, `duplicate-identity` */
export function checkedSimulation(
  path: string,
  pool: SimulatedPool,
  changes: Iterable<Change>,
  options: SimulateOptions,
): CheckedSimulation {
  optionsObject(path, pool, POOL)
  optionsObject(path, options, OPTIONS)
  const { bindings = 100_000, workload = 'StatefulSet', name = 'web', keys = 'uuid' } = pool
  const { sliceMs = 8, seed = 0, clock = RUNNING, onProgress } = options
  integerOption(`${path}.bindings`, bindings, 1, MOST_BINDINGS)
  choiceOption(`${path}.workload`, workload, ['StatefulSet', 'Deployment'])
  choiceOption(`${path}.keys`, keys, ['uuid', 'sequential'])
  if (typeof name !== 'string' || !NAME.test(name)) {
    throw invalidOption(`${path}.name`, 'a text of 1 to 63 printable characters', name)
  }
  integerOption(`${path}.seed`, seed, 0, 0xffffffff)
  durationOption(`${path}.sliceMs`, sliceMs, 1, 'finite')
  contractOption(`${path}.clock`, clock, 'clock', ['now'])
  if (onProgress !== undefined) functionOption(`${path}.onProgress`, onProgress)
  const mappings = checkedMappings(`${path}.mappings`, pool.mappings ?? DEFAULT_MAPPINGS)
  const endpoints =
    typeof pool.endpoints === 'number'
      ? integerOption(`${path}.endpoints`, pool.endpoints, 0, MOST_ENDPOINTS)
      : checkedEndpoints(`${path}.endpoints`, pool.endpoints)
  const plan = planOf(
    path,
    { endpoints, workload, names: new PodNames(name, seed) },
    checkedChanges(`${path}.changes`, changes),
  )
  return { bindings, keys, seed, sliceMs, clock, mappings, plan }
}

function checkedMappings(path: string, mappings: NonNullable<SimulatedPool['mappings']>): CheckedMapping[] {
  if (typeof mappings !== 'object' || mappings === null || Array.isArray(mappings)) {
    throw invalidOption(path, 'an object of mappings by name', mappings)
  }
  const entries = Object.entries(mappings)
  if (entries.length === 0 || entries.length > MOST_MAPPINGS) {
    throw invalidOption(path, `1 to ${MOST_MAPPINGS} mappings`, entries.length)
  }
  return entries.map(([name, mapping]) => checkedMapping(`${path}[${JSON.stringify(name)}]`, name, mapping))
}
