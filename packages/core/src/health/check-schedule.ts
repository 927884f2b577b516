import { contractOption, durationOption, integerOption, invalidOption } from '../option.ts'
import type { CheckSchedule, HealthCheck } from './health-check.ts'

/** When to check and what it takes to change the verdict; every part has a default. @public */
export interface CheckScheduleOptions {
  /** Time from the end of one check of an endpoint to its next, in milliseconds; at least 1. Default 2 000. */
  readonly intervalMs?: number
  /**
   * Share of the interval, 0 to 1, by which each wait is shortened or lengthened at random, so that many gateways do not
   * check in step. Default 0.1.
   */
  readonly jitter?: number
  /** The longest time one check may take, in milliseconds; at least 1. Then it has failed. Default 1 000. */
  readonly timeoutMs?: number
  /** Checks in a row that must succeed until a failing endpoint passes again, 1 to 1 000. Default 2. */
  readonly rise?: number
  /** Checks in a row that must fail until a passing endpoint is failing, 1 to 1 000. Default 3. */
  readonly fall?: number
  /** Checks of one pool under way at once, 1 to 65 535; others wait their turn. Default 64. */
  readonly maxConcurrent?: number
}

/** Names of {@link CheckScheduleOptions}, for those who add their own. */
export const SCHEDULE_NAMES: readonly (keyof CheckScheduleOptions)[] = [
  'intervalMs',
  'jitter',
  'timeoutMs',
  'rise',
  'fall',
  'maxConcurrent',
]

/**
 * Checks a schedule and fills in its defaults: HAProxy's `inter`, `rise` and `fall`.
 *
 * @throws StickyError `invalid-option`
 */
export function checkSchedule(path: string, options: CheckScheduleOptions): CheckSchedule {
  const {
    intervalMs = 2_000,
    jitter = 0.1,
    timeoutMs = 1_000,
    rise = 2,
    fall = 3,
    maxConcurrent = 64,
  } = options
  if (typeof jitter !== 'number' || !(jitter >= 0 && jitter <= 1)) {
    throw invalidOption(`${path}.jitter`, 'a number from 0 to 1', jitter)
  }
  return {
    intervalMs: durationOption(`${path}.intervalMs`, intervalMs, 1, 'finite'),
    jitter,
    timeoutMs: durationOption(`${path}.timeoutMs`, timeoutMs, 1, 'finite'),
    rise: integerOption(`${path}.rise`, rise, 1, 1_000),
    fall: integerOption(`${path}.fall`, fall, 1, 1_000),
    maxConcurrent: integerOption(`${path}.maxConcurrent`, maxConcurrent, 1, 65_535),
  }
}

/**
 * A health check as users give it, also one of their own, with its schedule checked.
 *
 * @throws StickyError `invalid-option`
 */
export function healthCheckOption(path: string, check: HealthCheck): HealthCheck {
  contractOption(path, check, 'HealthCheck such as httpCheck() makes', ['probe'])
  if (typeof check.name !== 'string' || check.name === '') {
    throw invalidOption(`${path}.name`, 'a name for messages', check.name)
  }
  contractOption(`${path}.schedule`, check.schedule, 'CheckSchedule', [])
  for (const name of SCHEDULE_NAMES) {
    if (check.schedule[name] === undefined)
      throw invalidOption(`${path}.schedule.${name}`, 'a number', undefined)
  }
  checkSchedule(`${path}.schedule`, check.schedule)
  return check
}
