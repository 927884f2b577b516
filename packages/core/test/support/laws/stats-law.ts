import type { PoolStats } from '../../../src/stats.ts'
import { type EndpointView, weightOf } from './endpoint-view.ts'
import type { Ledger } from './ledger.ts'
import type { Setup } from './setup.ts'
import type { OpenWay } from './way.ts'

/** Counts of `stats()` as a tally: `stuck`, `refused lost`, `move gone`. */
export function tallyOf({ kinds, refused, moves }: PoolStats): Record<string, number> {
  const { refused: _sum, ...served } = kinds
  const named = (counts: object, prefix: string) =>
    Object.entries(counts).flatMap(([name, count]) => (count > 0 ? [[prefix + name, count]] : []))
  return Object.fromEntries([...named(served, ''), ...named(refused, 'refused '), ...named(moves, 'move ')])
}

/** What `stats()` says of the endpoints, in the words of {@link endpointsDue}. */
export function endpointsTold({ endpoints }: PoolStats): object[] {
  return endpoints.map(({ availability, ...endpoint }) => ({
    standing: availability.state === 'down' ? availability.cause : availability.state,
    ...endpoint,
  }))
}

/** What `stats()` must say of the endpoints. `inUse`: requests under way. */
export function endpointsDue(
  view: EndpointView,
  setup: Setup,
  ledger: Ledger,
  inUse: readonly OpenWay[],
): object[] {
  return view.all.map((known) => ({
    identity: known.identity,
    standing: view.standing(known.identity),
    weight: weightOf(known),
    requests: inUse.filter(({ route }) => route?.endpoint.identity === known.identity).length,
    bound: setup.counts ? ledger.count(known.identity) : undefined,
    ejections: known.ejections,
  }))
}
