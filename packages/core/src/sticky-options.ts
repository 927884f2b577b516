import type { Balancer } from './balance/balancer.ts'
import type { Clock } from './clock.ts'
import type { Discovery } from './discovery/discovery.ts'
import type { EndpointInit } from './endpoint/endpoint.ts'
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
import type { StickyTable } from './table/sticky-table.ts'

/**
 * What happens to a key whose endpoint is lost (gone, down, or it cannot be connected):
 *
 * - `rebind`: it is bound to another endpoint, for good;
 * - `fail`: the request is refused with `lost`, and with `status` if one is given; the binding stays.
 *
 * @public
 */
export type LossPolicy = 'rebind' | 'fail' | { readonly action: 'fail'; readonly status: number }

/**
 * What happens while the sticky table fails: `fallback` places the key by consistent hash, so that replicas agree;
 * `balance` places it by the pool's balancer; `refuse` refuses it with `table-unavailable`.
 *
 * @public
 */
export type TableErrorPolicy = 'fallback' | 'balance' | 'refuse'

/** Options of `createSticky`. @public */
export interface StickyOptions {
  /** Where a request's key is read. */
  readonly key: KeySource
  /** The pool's endpoints: a discovery, or a list of URLs (`http://host:port`) and endpoint objects. */
  readonly endpoints: Discovery | readonly (string | URL | EndpointInit)[]
  /** Where bindings are kept. One table per pool. Default `memoryTable()`. */
  readonly table?: StickyTable
  /** Chooses the endpoint of an unbound key and of requests without a key. Default `rendezvous()`. */
  readonly placement?: Balancer
  /** What happens to a key whose endpoint is lost. Default `rebind`. */
  readonly onLost?: LossPolicy
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
  'placement',
  'onLost',
  'onTableError',
  'tableTimeoutMs',
  'startTimeoutMs',
  'maxWaiting',
  'name',
  'clock',
  'random',
] as const satisfies readonly (keyof StickyOptions)[]

/**
 * Checks every option that was given.
 *
 * @throws StickyError `invalid-option`, naming the option, what was expected and what was given
 */
export function checkStickyOptions(options: StickyOptions): void {
  const path = 'createSticky'
  optionsObject(path, options, NAMES)
  contractOption(`${path}.key`, options.key, "KeySource such as header('x-session')", ['read'])
  if (!Array.isArray(options.endpoints)) {
    const expected = 'Discovery or a list of endpoints'
    contractOption(`${path}.endpoints`, options.endpoints as Discovery, expected, ['watch'])
  }
  const { table, placement, onLost, onTableError, clock, random, name } = options
  const { tableTimeoutMs = 250, startTimeoutMs = 5_000, maxWaiting = 1_024 } = options
  if (table !== undefined) {
    const methods = ['lookup', 'claim', 'move', 'touch', 'release'] as const
    contractOption(`${path}.table`, table, 'StickyTable', methods)
  }
  if (placement !== undefined) contractOption(`${path}.placement`, placement, 'Balancer', ['pick'])
  if (onLost !== undefined) checkLossPolicy(`${path}.onLost`, onLost)
  if (onTableError !== undefined) {
    choiceOption(`${path}.onTableError`, onTableError, ['fallback', 'balance', 'refuse'])
  }
  durationOption(`${path}.tableTimeoutMs`, tableTimeoutMs, 1, 'finite')
  durationOption(`${path}.startTimeoutMs`, startTimeoutMs, 0, 'finite')
  integerOption(`${path}.maxWaiting`, maxWaiting, 0, 1_000_000)
  if (name !== undefined && (typeof name !== 'string' || name === '')) {
    throw invalidOption(`${path}.name`, 'a name', name)
  }
  if (clock !== undefined) contractOption(`${path}.clock`, clock, 'Clock', ['now', 'after'])
  if (random !== undefined) functionOption(`${path}.random`, random)
}

function checkLossPolicy(path: string, policy: LossPolicy): void {
  if (typeof policy === 'object' && policy !== null) {
    optionsObject(path, policy, ['action', 'status'])
    choiceOption(`${path}.action`, policy.action, ['fail'])
    integerOption(`${path}.status`, policy.status, 400, 599)
    return
  }
  choiceOption(path, policy, ['rebind', 'fail'])
}
