import type { Violation } from '../check/violation.ts'
import type { ProofEvent } from '../history/event.ts'
import type { Round } from './rounds.ts'

/** Violations that are told in full. */
const TOLD = 5

/** One line on what happened in a round. */
export function summary(table: string, { seed, requests, history, violations }: Round): string {
  const count = (of: (event: ProofEvent) => string | undefined) => {
    const counts = new Map<string, number>()
    for (const event of history) {
      const name = of(event)
      if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    return [...counts].map(([name, number]) => `${name} ${number}`).join(', ') || 'none'
  }
  const kinds = count((event) => (event.what === 'route' ? event.kind : undefined))
  const faults = count((event) =>
    event.what === 'fault' && event.phase === 'begin' ? event.kind : undefined,
  )
  const deaths = history.filter((event) => event.what === 'endpoint' && event.state === 'dead').length
  return (
    `seed ${seed} on ${table}: ${requests} requests (${kinds}); faults: ${faults}; ` +
    `endpoints died ${deaths} times; ${violations.length} violations`
  )
}

/** The first violations with the events that show them, in milliseconds since the start, and how many there are of each law. */
export function complaint({ history, violations }: Round): string {
  const start = history.find(({ what }) => what === 'start')?.at ?? 0
  const laws = Map.groupBy(violations, ({ law }) => law)
  const counts = [...laws].map(([law, ofLaw]) => `${law} ${ofLaw.length}`).join(', ')
  return [counts, ...violations.slice(0, TOLD).map((violation) => told(violation, start))].join('\n')
}

function told({ law, message, events }: Violation, start: number): string {
  const lines = events.map((event) => {
    const since = 'since' in event ? { since: sinceStart(event.since, start) } : {}
    return `    ${JSON.stringify({ ...event, ...since, at: sinceStart(event.at, start) })}`
  })
  return [`  ${law}: ${message}`, ...lines].join('\n')
}

function sinceStart(at: number, start: number): number {
  return Math.round((at - start) * 1_000) / 1_000
}
