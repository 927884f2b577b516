import type { TableEvent } from '../history/event.ts'
import type { LawCheck } from './subject.ts'

/**
 * Gateways that see the same endpoints bind a key to the same one, so that a table that has lost its memory gets the bindings that it
 * had; or else to the one it was bound to before, or that a gateway served it from while the table was away, and then offers.
 */
export const sameHash: LawCheck = function* ({ keys, routes, views, routeOf }) {
  const served = new Set(
    routes.filter(({ kind }) => kind === 'fallback').map(({ by, key, to }) => `${by} ${key} ${to}`),
  )
  for (const { key, lives } of keys) {
    const placed = new Map<string, TableEvent>()
    for (const [index, { made, identity }] of lives.entries()) {
      if (made?.op !== 'claim' || lives[index - 1]?.identity === identity) continue
      if (served.has(`${made.by} ${key} ${identity}`)) continue
      const route = routeOf(made)
      const view = views.steady(made.by, route?.since ?? made.since, made.at)
      if (view === undefined || route?.tried) continue
      const other = placed.get(view)
      if (other !== undefined && other.candidate !== made.candidate)
        yield {
          law: 'other-hash',
          message: `${key} was bound to ${other.candidate} and to ${made.candidate} by gateways that saw ${view}`,
          events: [other, made],
        }
      placed.set(view, made)
    }
  }
}
