import type { EndpointInit, Identity } from '../../src/endpoint/endpoint.ts'
import { endpointSet } from '../../src/endpoint/endpoint-set.ts'
import { type EndpointState, newEndpointState } from '../../src/endpoint/endpoint-state.ts'
import { PoolSnapshot } from '../../src/endpoint/pool-snapshot.ts'

/** The state of an endpoint that nothing is known of yet. */
export function freshState(identity: Identity): EndpointState {
  return newEndpointState(identity, { identity, requests: 0 })
}

/** The states of endpoints, by identity. */
export function statesOf(endpoints: readonly EndpointInit[]): Map<Identity, EndpointState> {
  return new Map(
    endpointSet(endpoints).endpoints.map(({ identity }) => [identity, freshState(identity)] as const),
  )
}

/** A snapshot of a pool at whole weights. */
export function snapshotOf(
  endpoints: readonly EndpointInit[],
  states: ReadonlyMap<Identity, EndpointState> = statesOf(endpoints),
): PoolSnapshot {
  return new PoolSnapshot(endpointSet(endpoints), states, () => 1)
}
