import type { Conditions } from './endpoint.ts'

/**
 * Whether an endpoint can take a request:
 *
 * - `ready`: every request;
 * - `draining`: requests of keys bound to it, no new keys;
 * - `down`, with its cause: none. `not-ready` = discovery says so; `terminated` = terminating and no longer serving.
 *
 * An endpoint that is absent from the snapshot is *gone*, which is no availability but its absence.
 *
 * @public
 */
export type Availability =
  | { readonly state: 'ready' }
  | { readonly state: 'draining' }
  | { readonly state: 'down'; readonly cause: 'not-ready' | 'terminated' }

const READY: Availability = { state: 'ready' }
const DRAINING: Availability = { state: 'draining' }
const NOT_READY: Availability = { state: 'down', cause: 'not-ready' }
const TERMINATED: Availability = { state: 'down', cause: 'terminated' }

/**
 * Derives availability from what discovery says. Pure, and answers one of four shared objects, so it may stand on the
 * request path. `terminating` outranks `ready`: a Service with `publishNotReadyAddresses` reports terminating pods as
 * ready, and they must not get new keys.
 *
 * @public
 */
export function availabilityOf(conditions: Conditions): Availability {
  if (conditions.terminating) return conditions.serving ? DRAINING : TERMINATED
  return conditions.ready ? READY : NOT_READY
}
