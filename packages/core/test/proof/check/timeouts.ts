import type { TableEvent } from '../history/event.ts'
import type { KeyHistory, Life } from './lives.ts'
import type { LawCheck, Subject } from './subject.ts'

/** By how much of the idle timeout a binding may outlive it. */
const LATEST = 1.25

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
        if (answer.at >= usedBy) [usedBy, lastUse] = [answer.at, answer]
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
export const absoluteTimeout: LawCheck = function* ({ keys, rules }) {
  const longest = rules.absoluteTimeoutMs + rules.clockErrorMs
  for (const { key, lives } of keys) {
    const byVersion = new Map(lives.map((life) => [life.version, life]))
    for (const life of lives) {
      const origin = originOf(life, byVersion, rules.idleTimeoutMs)
      const last = life.answers.findLast(({ made }) => made !== true)
      if (!origin || !last || last.since - origin.at <= longest) continue
      yield {
        law: 'absolute',
        message: `${key} was still bound ${Math.round(last.since - origin.at)} ms after it was bound first`,
        events: [origin, last],
      }
    }
  }
}

/** The claim that a binding goes back to, through moves that cannot have bound the key anew. */
function originOf(
  life: Life,
  byVersion: ReadonlyMap<unknown, Life>,
  idleTimeoutMs: number,
): TableEvent | undefined {
  for (let { made } = life; made !== undefined; ) {
    if (made.op === 'claim') return made
    const before = byVersion.get(made.from)
    const lastUse = before?.answers.findLast(
      ({ op, at }) => op !== 'touch' && at <= (made as TableEvent).since,
    )
    // The binding may have expired first; the move then was a claim.
    if (lastUse === undefined || made.at - lastUse.since >= idleTimeoutMs) return made
    made = before?.made
  }
  return undefined
}
