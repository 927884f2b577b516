import { describe, expect, it } from 'vitest'
import type { ProofEvent } from '../history/event.ts'
import { checkHistory } from './check-history.ts'
import type { Law } from './violation.ts'
import { at } from './written-history.ts'

/** What a history shows, and the history. */
export type Case = readonly [what: string, events: readonly ProofEvent[]]

/** A suite of histories that break a law, and of others, of which no law says anything. Both gateways see the endpoints `a` and `b`. */
export function describeLaw(
  law: Law,
  { breaks, keeps }: { readonly breaks: readonly Case[]; readonly keeps: readonly Case[] },
): void {
  describe(`the law of ${law}`, () => {
    it.each(breaks)('is broken: %s', (_what, events) => {
      expect(broken(events)).toContain(law)
    })

    it.each(keeps)('is kept: %s', (_what, events) => {
      expect(broken(events)).toEqual([])
    })
  })
}

function broken(events: readonly ProofEvent[]): Law[] {
  const history = [at.start, at.view('g1', 1, 'a', 'b'), at.view('g2', 1, 'a', 'b'), ...events]
  return checkHistory(history.sort((one, other) => one.at - other.at)).map(({ law }) => law)
}
