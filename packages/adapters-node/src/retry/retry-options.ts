import {
  choiceOption,
  durationOption,
  integerOption,
  invalidOption,
  optionsObject,
} from '@limpet/core/adapter-kit'

/** When a request that was sent already may be sent again. @public */
export interface RetryOptions {
  /**
   * Methods whose requests may be sent again, if they have no body: of GET, HEAD, OPTIONS, TRACE, PUT and DELETE, which are
   * idempotent (RFC 9110, 9.2.2); others are refused. Default GET, HEAD, OPTIONS, TRACE.
   */
  readonly methods?: readonly string[]
  /**
   * What is followed by another try: `reset` = the connection ended before any byte of an answer, `timeout` = no head came
   * within `responseTimeoutMs`, or a status from 500 to 599 of an answer. A reset of a new connection is followed by a try at the
   * next endpoint; everything else stays with the key's own. Default `reset`.
   */
  readonly on?: readonly ('reset' | 'timeout' | number)[]
  /** Further tries of one request, 1 to 10. Default 2. */
  readonly limit?: number
  /** The longest pause before a try that follows a status or a timeout, in milliseconds; each is random and up to twice the last. Default 25. */
  readonly delayMs?: number
  /** Further tries of all requests, as a share of the requests of the last 10 s, 0 to 1. Default 0.2. */
  readonly budget?: number
  /** Further tries per second that are allowed whatever the traffic; a whole number from 0. Default 10. */
  readonly leastPerSecond?: number
}

/** The options with every default filled in. */
export interface CheckedRetryOptions extends Required<Omit<RetryOptions, 'methods' | 'on'>> {
  readonly methods: ReadonlySet<string>
  readonly onReset: boolean
  readonly onTimeout: boolean
  readonly onStatus: ReadonlySet<number>
}

const IDEMPOTENT = ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']
const SAFE = ['GET', 'HEAD', 'OPTIONS', 'TRACE']

const NAMES = [
  'methods',
  'on',
  'limit',
  'delayMs',
  'budget',
  'leastPerSecond',
] as const satisfies readonly (keyof RetryOptions)[]

/**
 * Checks the option `forward.retry`; `false` allows no further try.
 *
 * @throws StickyError `invalid-option`
 */
export function checkRetryOptions(options: RetryOptions | false): CheckedRetryOptions {
  if (options === false) return { ...checked({ methods: [], on: [] }), limit: 0 }
  optionsObject('forward.retry', options, NAMES)
  return checked(options)
}

function checked(options: RetryOptions): CheckedRetryOptions {
  const {
    methods = SAFE,
    on = ['reset'],
    limit = 2,
    delayMs = 25,
    budget = 0.2,
    leastPerSecond = 10,
  } = options
  if (!Array.isArray(methods)) throw invalidOption('forward.retry.methods', 'a list of methods', methods)
  for (const method of methods) choiceOption('forward.retry.methods', method, IDEMPOTENT)
  if (!Array.isArray(on))
    throw invalidOption('forward.retry.on', "a list of 'reset', 'timeout' and statuses", on)
  const statuses = on.filter((cause) => cause !== 'reset' && cause !== 'timeout')
  for (const status of statuses) {
    if (!Number.isInteger(status) || Number(status) < 500 || Number(status) > 599) {
      throw invalidOption('forward.retry.on', "'reset', 'timeout' or a status from 500 to 599", status)
    }
  }
  if (typeof budget !== 'number' || !(budget >= 0 && budget <= 1)) {
    throw invalidOption('forward.retry.budget', 'a share from 0 to 1', budget)
  }
  return {
    methods: new Set(methods),
    onReset: on.includes('reset'),
    onTimeout: on.includes('timeout'),
    onStatus: new Set(statuses as number[]),
    limit: integerOption('forward.retry.limit', limit, 1, 10),
    delayMs: durationOption('forward.retry.delayMs', delayMs, 0, 'finite'),
    budget,
    leastPerSecond: integerOption('forward.retry.leastPerSecond', leastPerSecond, 0, 1_000_000),
  }
}
