import { type Clock, systemClock } from '../../clock.ts'
import {
  choiceOption,
  contractOption,
  durationOption,
  integerOption,
  invalidOption,
  optionsObject,
} from '../../option.ts'

/** Options of {@link redisTable}. @public */
export interface RedisTableOptions {
  /** Names the pool in Redis; the same in every replica. Letters, digits, `.`, `_` and `-`, 1 to 64 of them. */
  readonly pool: string
  /** What the name of every key begins with, before the pool's. Default `limpet`. */
  readonly prefix?: string
  /**
   * A binding ends when it was not used for so long, in milliseconds, at least 100, and at most a quarter of it later. Default 10 800 000, as
   * a Service's `sessionAffinity`.
   */
  readonly idleTimeoutMs?: number
  /** A binding ends so long after its key was bound, however much it is used, in milliseconds. Default `Infinity`. */
  readonly absoluteTimeoutMs?: number
  /**
   * What Redis learns of a key: `exact`, the key itself (over 64 characters its SHA-256), or `fingerprint`, 132 bits of its SHA-256.
   * Default `exact`.
   */
  readonly keys?: 'exact' | 'fingerprint'
  /** Makes fingerprints those of HMAC-SHA-256, which nobody can compute who does not know it; the same in every replica. Default: none. */
  readonly secret?: string
  /** The longest wait for one answer, in milliseconds, at least 1. Default 50. */
  readonly callTimeoutMs?: number
  /** Calls in a row without an answer after which Redis is not asked any more, 1 to 1 000 000. Default 5. */
  readonly maxFailures?: number
  /** Time between two probes of a Redis that is not asked, in milliseconds, at least 1. Default 1 000. */
  readonly probeMs?: number
  /**
   * Tells the other replicas of keys that are moved or released, for their near caches, by PUBLISH within the same script. Default
   * `true`.
   */
  readonly announce?: boolean
  /**
   * Counts the keys of each endpoint, which caps, `leastBound()` and drains need, by going over all of them so long after the last count,
   * in milliseconds, at least 100. The counts are approximate. Default: no counts.
   */
  readonly countEveryMs?: number
  /** Keys that a count goes over in a second, 100 to 10 000 000. Default 50 000. */
  readonly countKeysPerSecond?: number
  /**
   * Keeps an index of the keys of each endpoint, written together with each binding: counts, drains, `releaseEndpoint` and `list` of an endpoint are
   * then exact, and cost what they find. The same in every replica; not together with `countEveryMs`. Default `false`.
   */
  readonly index?: boolean
  /**
   * Parts of the index, each of which lies on one server of a Cluster: a count costs a call for each of them, and where there are fewer than
   * 128 keys for each part and endpoint a key in the index costs least. The same in every replica; 1 to 4 096. Default 256.
   */
  readonly indexBuckets?: number
  /** Default: the clock of this process. */
  readonly clock?: Clock
}

const NAMES = [
  'pool',
  'prefix',
  'idleTimeoutMs',
  'absoluteTimeoutMs',
  'keys',
  'secret',
  'callTimeoutMs',
  'maxFailures',
  'probeMs',
  'announce',
  'countEveryMs',
  'countKeysPerSecond',
  'index',
  'indexBuckets',
  'clock',
] as const satisfies readonly (keyof RedisTableOptions)[]

/** The options with every default filled in. */
export interface CheckedRedisOptions extends Required<Omit<RedisTableOptions, 'secret' | 'countEveryMs'>> {
  readonly countEveryMs: number | undefined
  readonly secret: string | undefined
}

const NAME = /^[\w.-]{1,64}$/

/** @throws StickyError `invalid-option` */
export function checkRedisOptions(path: string, options: RedisTableOptions): CheckedRedisOptions {
  optionsObject(path, options, NAMES)
  const { pool, prefix = 'limpet', keys = 'exact', secret, clock = systemClock } = options
  const { idleTimeoutMs = 10_800_000, absoluteTimeoutMs = Number.POSITIVE_INFINITY } = options
  const { callTimeoutMs = 50, maxFailures = 5, probeMs = 1_000 } = options
  const { countEveryMs, countKeysPerSecond = 50_000, announce = true } = options
  const { index = false, indexBuckets = 256 } = options
  if (typeof index !== 'boolean') throw invalidOption(`${path}.index`, 'true or false', index)
  if (index && countEveryMs !== undefined) {
    throw invalidOption(
      `${path}.countEveryMs`,
      `nothing beside "${path}.index", which counts exactly`,
      countEveryMs,
    )
  }
  if (!index && options.indexBuckets !== undefined) {
    throw invalidOption(`${path}.index`, `true, for "${path}.indexBuckets"`, index)
  }
  if (typeof announce !== 'boolean') throw invalidOption(`${path}.announce`, 'true or false', announce)
  const words = "letters, digits, '.', '_' and '-', 1 to 64 of them"
  if (typeof pool !== 'string' || !NAME.test(pool)) throw invalidOption(`${path}.pool`, words, pool)
  if (typeof prefix !== 'string' || !NAME.test(prefix)) throw invalidOption(`${path}.prefix`, words, prefix)
  choiceOption(`${path}.keys`, keys, ['exact', 'fingerprint'])
  if (secret !== undefined && (typeof secret !== 'string' || secret.length < 16)) {
    throw invalidOption(`${path}.secret`, 'a text of at least 16 characters', 'another value')
  }
  if (secret !== undefined && keys !== 'fingerprint') {
    throw invalidOption(`${path}.keys`, "'fingerprint', for a secret", keys)
  }
  return {
    pool,
    prefix,
    keys,
    secret,
    clock: contractOption(`${path}.clock`, clock, 'Clock', ['now', 'after']),
    idleTimeoutMs: redisIdleTimeout(`${path}.idleTimeoutMs`, idleTimeoutMs),
    absoluteTimeoutMs: durationOption(`${path}.absoluteTimeoutMs`, absoluteTimeoutMs, 1, 'or-never'),
    callTimeoutMs: durationOption(`${path}.callTimeoutMs`, callTimeoutMs, 1, 'finite'),
    maxFailures: integerOption(`${path}.maxFailures`, maxFailures, 1, 1_000_000),
    announce,
    probeMs: durationOption(`${path}.probeMs`, probeMs, 1, 'finite'),
    countEveryMs:
      countEveryMs === undefined
        ? undefined
        : durationOption(`${path}.countEveryMs`, countEveryMs, 100, 'finite'),
    index,
    indexBuckets: integerOption(`${path}.indexBuckets`, indexBuckets, 1, 4_096),
    countKeysPerSecond: integerOption(`${path}.countKeysPerSecond`, countKeysPerSecond, 100, 10_000_000),
  }
}

/** Below a tenth of a second, the quarter by which a binding may outlive its timeout is less than a busy network takes. */
export function redisIdleTimeout(path: string, idleTimeoutMs: number): number {
  return durationOption(path, idleTimeoutMs, 100, 'finite')
}
