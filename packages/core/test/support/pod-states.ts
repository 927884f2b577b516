import type { EndpointInit } from '../../src/endpoint/endpoint.ts'
import { DRAINING, NOT_READY, TERMINATED } from './pool.ts'

export type PodState = 'ready' | 'heavy' | 'weightless' | 'draining' | 'not ready' | 'terminated' | 'absent'

/** What can be said of a pod; each is also what discovery emits of it, `absent` apart. */
export const POD_STATES: { readonly [State in PodState]: Partial<EndpointInit> | undefined } = {
  ready: {},
  heavy: { weight: 3 },
  weightless: { weight: 0 },
  draining: DRAINING,
  'not ready': NOT_READY,
  terminated: TERMINATED,
  absent: undefined,
}
