import { type Clock, systemClock } from '../../clock.ts'
import { contractOption, durationOption, integerOption, invalidOption, optionsObject } from '../../option.ts'
import { isComputed } from '../capabilities.ts'
import type { StickyTable } from '../sticky-table.ts'
import type { Invalidations } from './invalidations.ts'

/** Options of {@link nearCache}. @public */
export interface NearCacheOptions {
  /**
   * How old an answer of the table may be and still be served, in milliseconds; 0 = the table is asked each time. It bounds how
   * stale an answer is wherever changes are not told: without `invalidations`, and while they are lost. Default 1 000.
   */
  readonly maxAgeMs?: number
  /** Tells which keys others change, so that answers may be older. Default: nobody does. */
  readonly invalidations?: Invalidations
  /**
   * The same as `maxAgeMs` while `invalidations` tell of every change, should one be missed all the same; at least `maxAgeMs`,
   * `Infinity` = no bound. Default 300 000.
   */
  readonly maxWatchedAgeMs?: number
  /** Keys remembered at most, 1 to 10 000 000; each takes about 200 bytes. Default 100 000. */
  readonly maxEntries?: number
  /** Default: the clock of this process. */
  readonly clock?: Clock
}

/** Options with every default applied. */
export interface NearCacheSettings {
  readonly maxAgeMs: number
  readonly maxWatchedAgeMs: number
  readonly maxEntries: number
  readonly invalidations: Invalidations | undefined
  readonly clock: Clock
}

const PATH = 'nearCache'

export function nearCacheSettings(options: NearCacheOptions): NearCacheSettings {
  optionsObject(PATH, options, ['maxAgeMs', 'invalidations', 'maxWatchedAgeMs', 'maxEntries', 'clock'])
  const { maxAgeMs = 1_000, maxEntries = 100_000, invalidations, clock = systemClock } = options
  durationOption(`${PATH}.maxAgeMs`, maxAgeMs, 0, 'finite')
  if (invalidations !== undefined) {
    contractOption(`${PATH}.invalidations`, invalidations, 'Invalidations', ['watch'])
  }
  const { maxWatchedAgeMs = Math.max(300_000, maxAgeMs) } = options
  return {
    maxAgeMs,
    maxWatchedAgeMs: durationOption(`${PATH}.maxWatchedAgeMs`, maxWatchedAgeMs, maxAgeMs, 'or-never'),
    maxEntries: integerOption(`${PATH}.maxEntries`, maxEntries, 1, 10_000_000),
    invalidations,
    clock: contractOption(`${PATH}.clock`, clock, 'Clock', ['now', 'after']),
  }
}

/** The table that a near cache is to stand before. */
export function tableOption(table: StickyTable): void {
  contractOption(`${PATH}.table`, table, 'StickyTable', ['lookup', 'claim', 'move', 'touch', 'release'])
  if (isComputed(table)) throw invalidOption(`${PATH}.table`, 'a table that stores its bindings', table)
}
