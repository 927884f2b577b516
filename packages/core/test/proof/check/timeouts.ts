import type { TableEvent } from '../history/event.ts'
import { LATEST, mayHaveEnded } from './ends.ts'
import type { KeyHistory, Life } from './lives.ts'
import type { LawCheck, Subject } from './subject.ts'

/** No binding is answered more than a quarter of its idle timeout after that has passed. */
export const idleTimeout: LawCheck = function* ({ keys, rules, outages }) {
  const longest = rules.idleTimeoutMs * LATEST + rules.clockErrorMs
  for (const key of keys) {
    for (const life of key.lives) {
      let usedBy = life.bornBy
      let lastUse: TableEvent | undefined
      for (const answer of life.answers.toSorted((a, b) => a.since - b.since)) {
        if (
          answer.made !== true &&
          answer.since - usedBy > longest &&
          !failedUse(key, outages, usedBy, answer)
        )
          yield {
            law: 'ended-late',
            message: `${key.key} was still bound ${Math.round(answer.since - usedBy)} ms after its last use`,
            events: lastUse === undefined ? [answer] : [lastUse, answer],
          }
        // During an outage, or just before it, a use that is written beside arrives when that is over.
        const writtenBy = answer.at + rules.clockErrorMs
        const arrivesBy = outages.effectBy(answer.by, writtenBy)
        const effectBy = arrivesBy > writtenBy ? arrivesBy : answer.at
        if (effectBy >= usedBy) [usedBy, lastUse] = [effectBy, answer]
      }
    }
  }
}

/** Whether a call that failed may have been a use after all. */
function failedUse(
  { failed }: KeyHistory,
  outages: Subject['outages'],
  usedBy: number,
  answer: TableEvent,
): boolean {
  return failed.some(({ by, since, at }) => since <= answer.at && outages.effectBy(by, at) >= usedBy)
}

/** No binding is answered after its absolute timeout, which a move does not start again. */
export const absoluteTimeout: LawCheck = function* (subject) {
  const longest = subject.rules.absoluteTimeoutMs + subject.rules.clockErrorMs
  for (const key of subject.keys) {
    for (const life of key.lives) {
      const origin = originOf(subject, key, life)
      const last = life.answers.findLast(({ made }) => made !== true)
      if (!origin || !last || last.since - origin.at <= longest) continue
      yield {
        law: 'absolute',
        message: `${key.key} was still bound ${Math.round(last.since - origin.at)} ms after it was bound first`,
        events: [origin, last],
      }
    }
  }
}

/** The call that bound the key; undefined if it is not known for sure, since a move binds a key anew whose binding has ended. */
function originOf(subject: Subject, key: KeyHistory, life: Life): TableEvent | undefined {
  const { made } = life
  if (made === undefined || made.op === 'claim') return made
  const before = key.lives.find(({ version }) => version === made.from)
  if (before === undefined) return undefined
  return mayHaveEnded(subject, key, before, made) ? made : originOf(subject, key, before)
}
