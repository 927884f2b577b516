import { durationOption, integerOption, invalidOption, optionsObject } from '../option.ts'

/** Options of `rebalance()`. @public */
export interface RebalanceOptions {
  /**
   * How far to go towards an even spread, above 0, at most 1: 1 moves every key that an endpoint has above its share, 0.5
   * half of them.
   */
  readonly share: number
  /** Moves only keys that were not used for this long, in milliseconds; 0 moves any. Default 60 000. */
  readonly idleForMs?: number
  /** Whether keys with open streams (WebSocket, a long download) of this replica may be moved. Default `false`. */
  readonly openStreams?: boolean
  /** Moves per second at most, 1 to 1 000 000. Default 100. */
  readonly perSecond?: number
  /** Ends the work; what was moved stays moved. */
  readonly signal?: AbortSignal
  /** Told after each slice. */
  readonly onProgress?: (progress: RebalanceProgress) => void
}

/** @public */
export interface RebalanceProgress {
  readonly moved: number
  /** Keys that were to be moved, as counted at the start. */
  readonly planned: number
}

/** What a rebalance has done. `planned` above `moved`: the other keys were in use. @public */
export interface RebalanceOutcome extends RebalanceProgress {
  /** `even` = as even as was asked; `end` = every binding was seen; `aborted` = by its signal, or the pool was closed. */
  readonly ended: 'even' | 'end' | 'aborted'
}

export type CheckedRebalanceOptions = Required<Omit<RebalanceOptions, 'signal' | 'onProgress'>> &
  Pick<RebalanceOptions, 'signal' | 'onProgress'>

/** @throws StickyError `invalid-option` */
export function checkRebalanceOptions(options: RebalanceOptions): CheckedRebalanceOptions {
  const path = 'rebalance'
  optionsObject(path, options, ['share', 'idleForMs', 'openStreams', 'perSecond', 'signal', 'onProgress'])
  const { share, idleForMs = 60_000, openStreams = false, perSecond = 100 } = options
  if (typeof share !== 'number' || !(share > 0 && share <= 1)) {
    throw invalidOption(`${path}.share`, 'a number above 0, at most 1', share)
  }
  if (typeof openStreams !== 'boolean')
    throw invalidOption(`${path}.openStreams`, 'true or false', openStreams)
  return {
    ...options,
    share,
    idleForMs: durationOption(`${path}.idleForMs`, idleForMs, 0, 'finite'),
    openStreams,
    perSecond: integerOption(`${path}.perSecond`, perSecond, 1, 1_000_000),
  }
}
