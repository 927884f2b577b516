import type { Identity } from '../../../src/endpoint/endpoint.ts'
import type { Version } from '../../../src/table/sticky-table.ts'
import type { TableEvent } from '../history/event.ts'

/** One state of the binding of a key, from when it was made to when the next one was. */
export interface Life {
  readonly version: Version
  readonly identity: Identity
  /** The call that made it; absent if that one was not answered. */
  readonly made: TableEvent | undefined
  /** The unanswered calls that may have made it. */
  readonly suspects: readonly TableEvent[]
  /** It was made at some moment of this span. */
  readonly bornSince: number
  readonly bornBy: number
  /** Every answer that told it, in the order of their ends. */
  readonly answers: readonly TableEvent[]
}

/** What happened to one key in the table. */
export interface KeyHistory {
  readonly key: string
  /** In the order in which they were made. */
  readonly lives: readonly Life[]
  /** Calls that ended a binding, or may have. */
  readonly releases: readonly TableEvent[]
  /** Calls that failed: they may have taken effect, at once or later. */
  readonly failed: readonly TableEvent[]
}

/** Puts together the lives of a key from every call that concerns it, in the order of their ends. */
export function keyHistory(key: string, calls: readonly TableEvent[]): KeyHistory {
  const failed = calls.filter(({ error }) => error !== undefined)
  const answers = Map.groupBy(
    calls.filter(({ version }) => version !== undefined),
    ({ version }) => version as Version,
  )
  const knownSince = new Map<Version, number>()
  for (const { from, since } of calls) {
    if (from !== undefined && since < (knownSince.get(from) ?? Number.POSITIVE_INFINITY))
      knownSince.set(from, since)
  }
  const lives = [...answers].map(([version, told]): Life => {
    const identity = (told[0] as TableEvent).identity as Identity
    const made = told.find((call) => call.made === true)
    const bornBy = Math.min((told[0] as TableEvent).at, knownSince.get(version) ?? Number.POSITIVE_INFINITY)
    const suspects = failed.filter(({ candidate, since }) => candidate === identity && since <= bornBy)
    const bornSince = made?.since ?? Math.min(bornBy, ...suspects.map(({ since }) => since))
    return { version, identity, made, suspects, bornSince, bornBy, answers: told }
  })
  return {
    key,
    lives: lives.sort((a, b) => a.bornBy - b.bornBy),
    releases: calls.filter(
      ({ op, made, error }) => op === 'release' && (made === true || error !== undefined),
    ),
    failed,
  }
}
