import type { ProofEvent, RouteEvent, Rules, TableEvent } from '../history/event.ts'
import { type KeyHistory, keyHistory } from './lives.ts'
import { Outages } from './outages.ts'
import { Views } from './views.ts'
import type { Violation } from './violation.ts'

/** A history, put in order for the laws. */
export interface Subject {
  readonly rules: Rules
  readonly outages: Outages
  readonly views: Views
  readonly keys: readonly KeyHistory[]
  readonly routes: readonly RouteEvent[]
  /** The request that a call of the table was made for. */
  routeOf(call: TableEvent): RouteEvent | undefined
}

/** A law looks at a history and answers where it is broken. */
export type LawCheck = (subject: Subject) => Iterable<Violation>

/** @throws TypeError if the history does not begin with what it was recorded under */
export function subjectOf(events: readonly ProofEvent[]): Subject {
  const start = events.find((event) => event.what === 'start')
  if (start === undefined) throw new TypeError('a history without a start event')
  const { rules } = start
  const outages = new Outages(events, rules.settleMs)
  const routes = events.filter((event) => event.what === 'route')
  const byRequest = new Map(routes.map((route) => [`${route.by} ${route.id}`, route]))
  const calls = Map.groupBy(
    events.filter((event) => event.what === 'table'),
    ({ key }) => key,
  )
  return {
    rules,
    outages,
    views: new Views(events),
    keys: [...calls].map(([key, ofKey]) => keyHistory(key, ofKey)),
    routes,
    routeOf: ({ by, id }) => byRequest.get(`${by} ${id}`),
  }
}
