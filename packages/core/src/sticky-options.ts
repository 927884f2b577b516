import type { Balancer } from './balance/balancer.ts'
import { ring } from './balance/ring.ts'
import { type Clock, systemClock } from './clock.ts'
import type { Discovery } from './discovery/discovery.ts'
import { staticDiscovery } from './discovery/static.ts'
import type { EndpointInit } from './endpoint/endpoint.ts'
import { SlowStart, type SlowStartOptions } from './endpoint/slow-start.ts'
import { healthCheckOption } from './health/check-schedule.ts'
import type { HealthCheck } from './health/health-check.ts'
import {
  type CheckedPassiveHealth,
  checkPassiveHealth,
  type PassiveHealthOptions,
} from './health/passive-health-options.ts'
import { address } from './key/address.ts'
import type { KeySource } from './key/key-source.ts'
import {
  choiceOption,
  contractOption,
  durationOption,
  functionOption,
  integerOption,
  invalidOption,
  optionsObject,
} from './option.ts'
import type { CountsAsUse, UseUnit } from './route/connection-bindings.ts'
import { type LossActions, type LossPolicy, lossActions } from './route/loss-policy.ts'
import { canCount } from './table/capabilities.ts'
import { memoryTable } from './table/memory.ts'
import type { StickyTable } from './table/sticky-table.ts'

/**
 * What happens while the sticky table fails: `fallback` places the key by consistent hash, so that replicas agree;
 * `balance` places it by the pool's balancer; `refuse` refuses it with `table-unavailable`.
 *
 * @public
 */
export type TableErrorPolicy = 'fallback' | 'balance' | 'refuse'

/** See `StickyOptions.onCapacity`. @public */
export type CapacityPolicy = 'refuse' | 'unstored'

/**
 * When a loss that only this replica sees is taken for real, so that one replica with a broken network does not move
 * everybody's keys: after the endpoint has not done well for `afterMs` (default 5 000), or after `failures` failed
 * connections in a row (default 10), and never while more than half the pool looks lost from here. Until then requests
 * make a detour. A table of this process alone may move at once.
 *
 * @public
 */
export interface LossConfirmation {
  readonly afterMs?: number
  readonly failures?: number
}

/** Options of `createSticky`. @public */
export interface StickyOptions {
  /** Where a request's key is read. */
  readonly key: KeySource
  /** The pool's endpoints: a discovery, or a list of URLs (`http://host:port`) and endpoint objects. */
  readonly endpoints: Discovery | readonly (string | URL | EndpointInit)[]
  /** Where bindings are kept. One table per pool. Default `memoryTable()`. */
  readonly table?: StickyTable
  /** What starts a binding's idle timeout again. Default `request`. */
  readonly countsAsUse?: CountsAsUse
  /** Chooses the endpoint of an unbound key and of requests without a key. Default `ring()`. */
  readonly placement?: Balancer
  /** What happens to a key whose endpoint is lost, by cause if wanted. Default `rebind`. */
  readonly onLost?: LossPolicy
  /** When this replica's own evidence (failed connections, ejection, checks) may move bindings of a shared table. */
  readonly confirmLoss?: LossConfirmation
  /**
   * No key is moved twice within this time, in milliseconds; meanwhile its requests make a detour. 0 = no limit.
   * Default 1 000.
   */
  readonly minMoveIntervalMs?: number
  /** Keys bound to one endpoint at most, 1 to 100 000 000. Needs a table that counts. Default: no limit. */
  readonly maxBoundPerEndpoint?: number
  /**
   * What happens to a new key when every endpoint holds `maxBoundPerEndpoint`: `refuse` it with `at-capacity`, or serve
   * it `unstored`, each of its requests placed anew. Default `refuse`.
   */
  readonly onCapacity?: CapacityPolicy
  /**
   * Endpoints that one request may fail to connect before it is refused with `no-endpoints`; a whole number from 1. Bounds what
   * a request costs where a large pool is dead. Default 10.
   */
  readonly maxTries?: number
  /** What real traffic may say of an endpoint's health; `false` = nothing. Default: three failed connections in a row count. */
  readonly passiveHealth?: PassiveHealthOptions | false
  /** Active health checks: `httpCheck()`, `tcpCheck()` of `@limpet/core/health`. Default: none. */
  readonly healthCheck?: HealthCheck
  /** Gives endpoints that are new, or back, their share of new keys little by little. Default: none. */
  readonly slowStart?: SlowStartOptions
  /**
   * How long an endpoint that discovery calls terminating keeps its keys while it serves, in milliseconds; at least 1,
   * `Infinity` = as long as discovery lists it. Default `Infinity`.
   */
  readonly drainDeadlineMs?: number
  /** Where the client's address is read, for a table that bounds bindings per address. Default `address()`: the peer's. */
  readonly clientAddress?: KeySource
  /** What happens while the table fails. Default `fallback`. */
  readonly onTableError?: TableErrorPolicy
  /** The longest wait for one answer of the table, in milliseconds; at least 1. Default 250. */
  readonly tableTimeoutMs?: number
  /** The longest wait for discovery's first snapshot, in milliseconds. 0 refuses at once. Default 5 000. */
  readonly startTimeoutMs?: number
  /** Requests that may wait for the first snapshot at once, 0 to 1 000 000. Default 1 024. */
  readonly maxWaiting?: number
  /** Names the pool in messages. Default `default`. */
  readonly name?: string
  /** Default: the clock of this process. */
  readonly clock?: Clock
  /** Answers a number in [0, 1). Default `Math.random`. */
  readonly random?: () => number
}

const NAMES = [
  'key',
  'endpoints',
  'table',
  'countsAsUse',
  'placement',
  'onLost',
  'confirmLoss',
  'minMoveIntervalMs',
  'maxBoundPerEndpoint',
  'onCapacity',
  'maxTries',
  'passiveHealth',
  'healthCheck',
  'slowStart',
  'drainDeadlineMs',
  'clientAddress',
  'onTableError',
  'tableTimeoutMs',
  'startTimeoutMs',
  'maxWaiting',
  'name',
  'clock',
  'random',
] as const satisfies readonly (keyof StickyOptions)[]

/** The options with every default filled in. */
export interface CheckedStickyOptions
  extends Required<
    Omit<
      StickyOptions,
      'endpoints' | 'onLost' | 'confirmLoss' | 'passiveHealth' | 'slowStart' | 'healthCheck'
    >
  > {
  readonly discovery: Discovery
  readonly onLost: LossActions
  readonly confirmLoss: Required<LossConfirmation>
  readonly passiveHealth: CheckedPassiveHealth
  readonly healthCheck: HealthCheck | undefined
  readonly slowStart: SlowStart | undefined
}

/**
 * Checks every option that was given and fills in the defaults.
 *
 * @throws StickyError `invalid-option`, naming the option, what was expected and what was given; `invalid-endpoint`,
 *   `duplicate-identity` for a list of endpoints
 */
export function checkStickyOptions(options: StickyOptions): CheckedStickyOptions {
  const path = 'createSticky'
  optionsObject(path, options, NAMES)
  const { endpoints, placement = ring(), healthCheck, slowStart, name = 'default' } = options
  const { countsAsUse = 'request' } = options
  const { onLost = 'rebind', onCapacity = 'refuse', onTableError = 'fallback' } = options
  const { confirmLoss = {}, passiveHealth = {}, clientAddress = address() } = options
  const { minMoveIntervalMs = 1_000, drainDeadlineMs = Number.POSITIVE_INFINITY } = options
  const { tableTimeoutMs = 250, startTimeoutMs = 5_000, maxWaiting = 1_024, maxTries = 10 } = options
  const { clock = systemClock, random = Math.random } = options
  const key = keySource(`${path}.key`, options.key)
  contractOption(`${path}.clock`, clock, 'Clock', ['now', 'after'])
  if (!Array.isArray(endpoints)) {
    contractOption(`${path}.endpoints`, endpoints as Discovery, 'Discovery or a list of endpoints', ['watch'])
  }
  if (healthCheck !== undefined) {
    healthCheckOption(`${path}.healthCheck`, healthCheck)
  }
  if (typeof name !== 'string' || name === '') throw invalidOption(`${path}.name`, 'a name', name)
  return {
    ...checkTable(path, options, clock),
    key,
    countsAsUse:
      typeof countsAsUse === 'function'
        ? countsAsUse
        : choiceOption<UseUnit>(`${path}.countsAsUse`, countsAsUse, ['request', 'connection']),
    clock,
    discovery: 'watch' in endpoints ? endpoints : staticDiscovery(endpoints),
    placement: contractOption(`${path}.placement`, placement, 'Balancer', ['pick']),
    onLost: lossActions(`${path}.onLost`, onLost),
    confirmLoss: checkConfirmation(`${path}.confirmLoss`, confirmLoss),
    minMoveIntervalMs: durationOption(`${path}.minMoveIntervalMs`, minMoveIntervalMs, 0, 'finite'),
    onCapacity: choiceOption(`${path}.onCapacity`, onCapacity, ['refuse', 'unstored']),
    maxTries: integerOption(`${path}.maxTries`, maxTries, 1, 10_000),
    passiveHealth: checkPassiveHealth(`${path}.passiveHealth`, passiveHealth),
    healthCheck,
    slowStart: slowStart === undefined ? undefined : checkSlowStart(`${path}.slowStart`, slowStart),
    drainDeadlineMs: durationOption(`${path}.drainDeadlineMs`, drainDeadlineMs, 1, 'or-never'),
    clientAddress: keySource(`${path}.clientAddress`, clientAddress),
    onTableError: choiceOption(`${path}.onTableError`, onTableError, ['fallback', 'balance', 'refuse']),
    tableTimeoutMs: durationOption(`${path}.tableTimeoutMs`, tableTimeoutMs, 1, 'finite'),
    startTimeoutMs: durationOption(`${path}.startTimeoutMs`, startTimeoutMs, 0, 'finite'),
    maxWaiting: integerOption(`${path}.maxWaiting`, maxWaiting, 0, 1_000_000),
    name,
    random: functionOption(`${path}.random`, random),
  }
}

function keySource(path: string, source: KeySource): KeySource {
  return contractOption(path, source, "KeySource such as header('x-session')", ['read'])
}

function checkTable(
  path: string,
  options: StickyOptions,
  clock: Clock,
): Pick<CheckedStickyOptions, 'table' | 'maxBoundPerEndpoint'> {
  const { table = memoryTable({ clock }), maxBoundPerEndpoint } = options
  contractOption(`${path}.table`, table, 'StickyTable', ['lookup', 'claim', 'move', 'touch', 'release'])
  if (maxBoundPerEndpoint === undefined) return { table, maxBoundPerEndpoint: Number.POSITIVE_INFINITY }
  integerOption(`${path}.maxBoundPerEndpoint`, maxBoundPerEndpoint, 1, 100_000_000)
  if (canCount(table)) return { table, maxBoundPerEndpoint }
  throw invalidOption(`${path}.table`, 'a table with countByEndpoint(), for maxBoundPerEndpoint', table)
}

function checkConfirmation(path: string, options: LossConfirmation): Required<LossConfirmation> {
  optionsObject(path, options, ['afterMs', 'failures'])
  const { afterMs = 5_000, failures = 10 } = options
  return {
    afterMs: durationOption(`${path}.afterMs`, afterMs, 0, 'finite'),
    failures: integerOption(`${path}.failures`, failures, 1, 1_000_000),
  }
}

function checkSlowStart(path: string, options: SlowStartOptions): SlowStart {
  optionsObject(path, options, ['windowMs', 'from'])
  const { windowMs, from = 0.1 } = options
  durationOption(`${path}.windowMs`, windowMs, 1, 'finite')
  if (typeof from !== 'number' || !(from > 0 && from <= 1)) {
    throw invalidOption(`${path}.from`, 'a number above 0, at most 1', from)
  }
  return new SlowStart(options)
}
