import type { TableEvent } from '../history/event.ts'
import { lastUseOf, mayHaveEnded } from './ends.ts'
import type { KeyHistory, Life } from './lives.ts'
import type { LawCheck, Subject } from './subject.ts'
import type { Law, Violation } from './violation.ts'

/**
 * A binding is followed by another only if that one was moved from it, or if it had ended: released, expired, or forgotten by the
 * table. So of any number of claims one wins, of any number of moves one, and none ends before its idle timeout.
 */
export const succession: LawCheck = function* (subject) {
  for (const key of subject.keys) {
    for (const life of key.lives) {
      const orphan = nobodyMade(life)
      if (orphan) yield orphan
    }
    const lives = [...key.lives]
    for (let index = 1; index < lives.length; index++) {
      const [before, life] = [lives[index - 1] as Life, lives[index] as Life]
      const violation = follows(subject, key, before, life)
      if (violation === undefined) continue
      if (isTheOtherWayRound(subject, key, lives[index - 2], before, life)) {
        lives[index - 1] = life
        lives[index] = before
      } else yield violation
    }
  }
}

/** Whether two bindings whose spans overlap can have been made in the other order. */
function isTheOtherWayRound(
  subject: Subject,
  key: KeyHistory,
  first: Life | undefined,
  before: Life,
  life: Life,
): boolean {
  if (life.bornSince > before.bornBy) return false
  if (first !== undefined && follows(subject, key, first, life) !== undefined) return false
  return follows(subject, key, life, before) === undefined
}

function nobodyMade({ made, suspects, version, answers }: Life): Violation | undefined {
  if (made !== undefined || suspects.length > 0) return undefined
  return {
    law: 'one-winner',
    message: `version ${version} was answered, but nobody made it`,
    events: answers.slice(0, 1),
  }
}

function follows(subject: Subject, key: KeyHistory, before: Life, life: Life): Violation | undefined {
  const { made } = life
  if (made === undefined || (made.op === 'move' && made.from === before.version)) return undefined
  if (mayHaveEnded(subject, key, before, made)) return undefined
  const lastUse = lastUseOf(subject, before, made)
  const law = lawOf(before, made)
  return {
    law,
    message:
      `${key.key} was ${made.op === 'move' ? 'moved' : 'bound'} to ${life.identity} while its binding to ` +
      `${before.identity} stood, which was used ${Math.round(made.at - lastUse.since)} ms before at most`,
    events: [...new Set([before.made ?? before.answers[0], lastUse, made])].filter(
      (event) => event !== undefined,
    ),
  }
}

function lawOf(before: Life, made: TableEvent): Law {
  if (made.op === 'move') return 'one-new-home'
  return made.since <= before.bornBy ? 'one-winner' : 'ended-early'
}
