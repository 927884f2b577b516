import { durationOption, integerOption, invalidOption, optionsObject } from '../option.ts'

/** When an endpoint counts as too slow. @public */
export interface LatencyOutlierOptions {
  /** An endpoint is an outlier if its mean latency is above this many times the pool's median; above 1. Default 3. */
  readonly factor?: number
  /** … and above this, in milliseconds: quick pools have outliers that nobody notices. Default 100. */
  readonly leastMs?: number
  /** Latencies are judged once in this time, in milliseconds; at least 1. Default 10 000. */
  readonly intervalMs?: number
  /** Answers that an endpoint must have given in the interval to be judged, at least 1. Default 20. */
  readonly leastRequests?: number
}

/** Options of passive health: what real traffic says of an endpoint. @public */
export interface PassiveHealthOptions {
  /** Failed connections in a row until an endpoint is `unreachable`, 1 to 1 000, or `false`. Default 3. */
  readonly connectFailures?: number | false
  /** Answers of status 500 and above, or none, in a row until an endpoint is `ejected`, 1 to 1 000, or `false`. Default `false`. */
  readonly errors?: number | false
  /** Ejects endpoints that are much slower than the others. Default: none. */
  readonly latency?: LatencyOutlierOptions
  /** How long the first ejection takes, in milliseconds; at least 1. The n-th in a row takes n times as long. Default 10 000. */
  readonly ejectionMs?: number
  /** The longest ejection, in milliseconds. Default 300 000. */
  readonly maxEjectionMs?: number
  /** The share of the pool that may be out at once, 0 to 1, rounded down: one of three, none of one. Default 0.5. */
  readonly maxEjectedShare?: number
}

export interface CheckedPassiveHealth {
  /** `Infinity` = never. */
  readonly connectFailures: number
  readonly errors: number
  readonly latency: Required<LatencyOutlierOptions> | undefined
  readonly ejectionMs: number
  readonly maxEjectionMs: number
  readonly maxEjectedShare: number
}

/** @throws StickyError `invalid-option` */
export function checkPassiveHealth(
  path: string,
  options: PassiveHealthOptions | false,
): CheckedPassiveHealth {
  if (options === false) return checkPassiveHealth(path, { connectFailures: false })
  optionsObject(path, options, [
    'connectFailures',
    'errors',
    'latency',
    'ejectionMs',
    'maxEjectionMs',
    'maxEjectedShare',
  ])
  const { connectFailures = 3, errors = false, latency, ejectionMs = 10_000 } = options
  const { maxEjectionMs = Math.max(300_000, ejectionMs), maxEjectedShare = 0.5 } = options
  return {
    connectFailures: inARow(`${path}.connectFailures`, connectFailures),
    errors: inARow(`${path}.errors`, errors),
    latency: latency && checkLatency(`${path}.latency`, latency),
    ejectionMs: durationOption(`${path}.ejectionMs`, ejectionMs, 1, 'finite'),
    maxEjectionMs: durationOption(`${path}.maxEjectionMs`, maxEjectionMs, ejectionMs, 'finite'),
    maxEjectedShare: shareOption(`${path}.maxEjectedShare`, maxEjectedShare),
  }
}

function inARow(path: string, value: number | false): number {
  return value === false ? Number.POSITIVE_INFINITY : integerOption(path, value, 1, 1_000)
}

function checkLatency(path: string, options: LatencyOutlierOptions): Required<LatencyOutlierOptions> {
  optionsObject(path, options, ['factor', 'leastMs', 'intervalMs', 'leastRequests'])
  const { factor = 3, leastMs = 100, intervalMs = 10_000, leastRequests = 20 } = options
  if (typeof factor !== 'number' || !(factor > 1 && factor <= 1_000)) {
    throw invalidOption(`${path}.factor`, 'a number above 1, up to 1000', factor)
  }
  return {
    factor,
    leastMs: durationOption(`${path}.leastMs`, leastMs, 0, 'finite'),
    intervalMs: durationOption(`${path}.intervalMs`, intervalMs, 1, 'finite'),
    leastRequests: integerOption(`${path}.leastRequests`, leastRequests, 1, 1_000_000),
  }
}

/** A number from 0 to 1. */
function shareOption(path: string, value: unknown): number {
  if (typeof value !== 'number' || !(value >= 0 && value <= 1)) {
    throw invalidOption(path, 'a number from 0 to 1', value)
  }
  return value
}
