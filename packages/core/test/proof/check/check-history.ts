import type { ProofEvent } from '../history/event.ts'
import { divergence } from './divergence.ts'
import { needlessMoves, pingPong } from './moves.ts'
import { sameHash } from './same-hash.ts'
import { subjectOf } from './subject.ts'
import { succession } from './succession.ts'
import { absoluteTimeout, idleTimeout } from './timeouts.ts'
import type { Violation } from './violation.ts'

const LAWS = [
  succession,
  needlessMoves,
  pingPong,
  idleTimeout,
  absoluteTimeout,
  divergence,
  sameHash,
] as const

/**
 * Holds a history, in the order of its ends, against every law. Where an event's moment is known only as a span, the
 * history gets the benefit of the doubt: what is answered here was broken whatever the order within the spans.
 */
export function checkHistory(events: readonly ProofEvent[]): Violation[] {
  const subject = subjectOf(events)
  return LAWS.flatMap((law) => [...law(subject)])
}
