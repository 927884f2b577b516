/** What a change of one EndpointSlice costs a Service of 5 000 endpoints in 50 slices, from the parsed object to the new set. */
import type { EndpointSlice } from '../src/discovery/kubernetes/slices/endpoint-slice.ts'
import { ServiceEndpoints } from '../src/discovery/kubernetes/slices/service-endpoints.ts'
import { interleaved, isShort } from './support/interleaved.ts'

const SLICES = isShort ? 2 : 50
const ENDPOINTS = 100

/** A slice as it comes from the wire. */
function slice(index: number, notReady?: number, left?: number): EndpointSlice {
  const endpoints = Array.from({ length: ENDPOINTS }, (_, place) => ({
    addresses: [`10.${index}.0.${place + 1}`],
    conditions: { ready: place !== notReady, serving: place !== notReady, terminating: false },
    nodeName: `node-${place}`,
    zone: 'abc'[place % 3],
    targetRef: {
      kind: 'Pod',
      namespace: 'default',
      name: `web-7c9f8-${index}-${place}`,
      uid: `7c9f8d3e-0000-4000-8000-${String(index * ENDPOINTS + place).padStart(12, '0')}`,
    },
  })).filter((_, place) => place !== left)
  const metadata = {
    name: `web-${index}`,
    namespace: 'default',
    labels: { 'kubernetes.io/service-name': 'web' },
  }
  const ports = [{ name: 'http', port: 8080, protocol: 'TCP' }]
  return JSON.parse(JSON.stringify({ metadata, addressType: 'IPv4', ports, endpoints }))
}

const all = Array.from({ length: SLICES }, (_, index) => slice(index))
const conditions = all.flatMap((_, index) => [slice(index, 7), slice(index)])
const departures = all.flatMap((_, index) => [slice(index, undefined, 7), slice(index)])

function contender(name: string, puts: readonly EndpointSlice[]) {
  const endpoints = new ServiceEndpoints({
    service: 'web',
    namespace: 'default',
    slices: { moveGraceMs: 0 },
    failed: (error) => {
      throw error
    },
  })
  endpoints.replaced(all)
  let turn = 0
  let sets = endpoints.take() ? 1 : 0
  return {
    name,
    run(operations: number) {
      for (let i = 0; i < operations; i++) {
        endpoints.put(puts[turn++ % puts.length] as EndpointSlice)
        if (endpoints.take()) sets++
      }
      if (sets === 0) throw new Error('no set')
    },
  }
}

interleaved(
  `one slice put, and the set taken, of ${SLICES * ENDPOINTS} endpoints in ${SLICES} slices`,
  [
    contender('the same content', all),
    contender('another condition of one endpoint', conditions),
    contender('an endpoint comes or goes', departures),
  ],
  isShort ? 100 : 500,
)
