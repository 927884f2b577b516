import type { Conditions } from './endpoint.ts'

/**
 * What checks and traffic say of an endpoint: `ejected` = it answers, but with errors or too slowly; `unreachable` = it
 * cannot be connected, or its checks fail. Seen from this replica alone.
 *
 * @public
 */
export type Health = 'healthy' | 'ejected' | 'unreachable'

/** What the operator says of an endpoint: `over` = its drain has met the deadline. @public */
export type Drain = 'none' | 'draining' | 'over'

/**
 * Why an endpoint takes no request: `not-ready` = discovery says so; `terminated` = terminating and no longer serving;
 * `drained` = its drain has met the deadline; `ejected`, `unreachable` = see {@link Health}.
 *
 * @public
 */
export type DownCause = 'not-ready' | 'terminated' | 'drained' | 'ejected' | 'unreachable'

/** Why a bound endpoint is lost: it is down, or `gone` = absent from the snapshot. @public */
export type LossCause = DownCause | 'gone'

/**
 * Whether an endpoint can take a request:
 *
 * - `ready`: every request;
 * - `draining`: requests of keys bound to it, no new keys;
 * - `down`, with its cause: none.
 *
 * An endpoint that is absent from the snapshot is *gone*, which is no availability but its absence.
 *
 * @public
 */
export type Availability =
  | { readonly state: 'ready' }
  | { readonly state: 'draining' }
  | { readonly state: 'down'; readonly cause: DownCause }

const READY: Availability = { state: 'ready' }
const DRAINING: Availability = { state: 'draining' }
const DOWN: { readonly [Cause in DownCause]: Availability } = {
  'not-ready': { state: 'down', cause: 'not-ready' },
  terminated: { state: 'down', cause: 'terminated' },
  drained: { state: 'down', cause: 'drained' },
  ejected: { state: 'down', cause: 'ejected' },
  unreachable: { state: 'down', cause: 'unreachable' },
}

/**
 * Derives availability from what discovery, checks and traffic, and the operator say. Pure, and answers one of a few shared
 * objects. What discovery and the operator know outranks what this replica sees: a loss that every replica agrees on may
 * move keys at once. `terminating` outranks `ready`: a Service with `publishNotReadyAddresses` reports terminating pods
 * as ready, and they must not get new keys.
 *
 * @public
 */
export function availabilityOf(
  conditions: Conditions,
  health: Health = 'healthy',
  drain: Drain = 'none',
): Availability {
  if (conditions.terminating && !conditions.serving) return DOWN.terminated
  if (!conditions.terminating && !conditions.ready) return DOWN['not-ready']
  if (drain === 'over') return DOWN.drained
  if (health !== 'healthy') return DOWN[health]
  return conditions.terminating || drain === 'draining' ? DRAINING : READY
}

/**
 * True if only this replica says so. Another replica may see the endpoint well, so such a loss moves a shared binding
 * only after it was confirmed.
 */
export function isLocalEvidence(cause: LossCause): cause is 'ejected' | 'unreachable' {
  return cause === 'ejected' || cause === 'unreachable'
}
