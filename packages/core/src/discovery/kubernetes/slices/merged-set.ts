import type { Endpoint, EndpointInit, Identity } from '../../../endpoint/endpoint.ts'
import { endpointFrom } from '../../../endpoint/endpoint-init.ts'
import {
  type EndpointSet,
  exchanged,
  isSameEndpoint,
  setOfEndpoints,
} from '../../../endpoint/endpoint-set.ts'

/**
 * `previous` with some endpoints put or, where there is none in their stead, taken out: `previous` itself if that changes nothing. In the
 * order of identities, by code units, whatever the order of changes.
 */
export function mergedSet(
  previous: EndpointSet | undefined,
  changes: ReadonlyMap<Identity, EndpointInit | undefined>,
): EndpointSet {
  const before = previous ?? NOBODY
  const put: Endpoint[] = []
  const touched = new Set<Identity>()
  for (const [identity, init] of changes) {
    const former = before.get(identity)
    const endpoint = init && endpointFrom(`endpoint ${identity}`, init)
    if (former === endpoint || (former && endpoint && isSameEndpoint(former, endpoint))) continue
    touched.add(identity)
    if (endpoint) put.push(endpoint)
  }
  if (touched.size === 0) return before
  if (put.length === touched.size && put.every(({ identity }) => before.get(identity))) {
    return exchanged(before, put)
  }
  put.sort((one, other) => (one.identity < other.identity ? -1 : 1))

  const merged: Endpoint[] = []
  let next = 0
  for (const endpoint of before.endpoints) {
    for (; next < put.length && (put[next] as Endpoint).identity < endpoint.identity; next++) {
      merged.push(put[next] as Endpoint)
    }
    if (!touched.has(endpoint.identity)) merged.push(endpoint)
  }
  for (; next < put.length; next++) merged.push(put[next] as Endpoint)
  return setOfEndpoints(merged, previous)
}

const NOBODY = setOfEndpoints([])
