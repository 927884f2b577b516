import type { TableEvent } from '../history/event.ts'
import type { KeyHistory, Life } from './lives.ts'
import type { Subject } from './subject.ts'

/** By how much of the idle timeout a binding may outlive it. */
export const LATEST = 1.25

/** The last use that the table must have known of when a call changed the binding of its key. */
export function lastUseOf(subject: Subject, life: Life, change: TableEvent): TableEvent {
  let last = life.made ?? (life.answers[0] as TableEvent)
  for (const use of usesBefore(life, change)) {
    if (use.since <= last.since || subject.outages.mayForget(use.since, change.at)) continue
    if (isKnown(subject, use)) last = use
  }
  return last
}

/** Whether a binding may have ended, for whatever reason there is, before a call took effect. */
export function mayHaveEnded(subject: Subject, key: KeyHistory, life: Life, change: TableEvent): boolean {
  const { rules, outages } = subject
  if (outages.mayForget(life.bornSince, change.at)) return true
  const created = createdSince(life, key.lives)
  if (change.at - created >= rules.absoluteTimeoutMs - rules.clockErrorMs) return true
  const lastUse = lastUseOf(subject, life, change)
  if (change.at - lastUse.since >= rules.idleTimeoutMs - rules.clockErrorMs) return true
  if (endedBeforeItsUseArrived(subject, life, change)) return true
  return key.releases.some(({ from, since, at, error, by }) => {
    const concerns = from === undefined || from === life.version
    const effectBy = error === undefined ? at : outages.effectBy(by, at)
    return concerns && since <= change.at && effectBy >= life.bornSince
  })
}

/**
 * Whether a binding was found after its idle timeout, in the last moments of the quarter that it may outlive that by, so that it ended
 * before the use was written. A binding that was found still later was used in time.
 */
function endedBeforeItsUseArrived(subject: Subject, life: Life, change: TableEvent): boolean {
  const { idleTimeoutMs, clockErrorMs } = subject.rules
  const uses = usesBefore(life, change)
  /** The uses from which its end may count, its making the first of them. */
  let written = [{ since: life.bornSince, by: life.bornBy }]
  for (const use of uses) {
    const later = uses.filter(({ since }) => since >= use.since)
    const isTooLate = written.some(({ since, by }) => {
      const endsSince = since + idleTimeoutMs * LATEST - clockErrorMs
      const endsBy = by + idleTimeoutMs * LATEST + clockErrorMs
      return later.every((last) => last.at >= endsSince && last.since <= endsBy)
    })
    if (isTooLate) return true
    // One within a quarter after a use that was written need not be, and any other must.
    if (isKnown(subject, use)) {
      const unwrittenMs = idleTimeoutMs * (LATEST - 1) + clockErrorMs
      written = written.filter(({ by }) => use.since <= by + unwrittenMs)
    }
    written.push({ since: use.since, by: subject.outages.effectBy(use.by, use.at) })
  }
  return false
}

/** Whether the table must know of a use: what is used during an outage may not reach it, nor what is written beside just before it. */
function isKnown({ outages, rules }: Subject, use: TableEvent): boolean {
  return !outages.concern(use.by, use.since, use.at + rules.clockErrorMs)
}

function usesBefore({ answers }: Life, change: TableEvent): TableEvent[] {
  return answers.filter(({ op, at }) => (op === 'lookup' || op === 'claim') && at <= change.since)
}

/** The earliest time at which a binding can have been made first; moves keep that. */
function createdSince(life: Life, lives: readonly Life[]): number {
  const earlier = [life.made, ...life.suspects].flatMap((call) => {
    const before = call?.op === 'move' && lives.find(({ version }) => version === call.from)
    return before && before.bornSince < life.bornSince ? [createdSince(before, lives)] : []
  })
  return Math.min(life.bornSince, ...earlier)
}
