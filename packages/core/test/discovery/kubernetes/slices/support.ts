import type {
  EndpointSlice,
  SliceEndpoint,
} from '../../../../src/discovery/kubernetes/slices/endpoint-slice.ts'
import { ServiceEndpoints } from '../../../../src/discovery/kubernetes/slices/service-endpoints.ts'
import type { SliceOptions } from '../../../../src/discovery/kubernetes/slices/slice-options.ts'
import type { Endpoint } from '../../../../src/endpoint/endpoint.ts'
import type { EndpointSet } from '../../../../src/endpoint/endpoint-set.ts'
import type { StickyError } from '../../../../src/error.ts'
import { type FakeClock, fakeClock } from '../../../../src/testing/fake-clock.ts'

/** An endpoint of a slice: a pod, ready unless `more` says otherwise. */
export function pod(name: string, address: string, more: Partial<SliceEndpoint> = {}): SliceEndpoint {
  return { addresses: [address], targetRef: { kind: 'Pod', name, uid: `uid-of-${name}` }, ...more }
}

/** A slice of Service `web` with the port `http` 8080. */
export function slice(
  name: string,
  endpoints: readonly SliceEndpoint[],
  more: Partial<EndpointSlice> = {},
): EndpointSlice {
  return {
    metadata: { name, namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080 }],
    endpoints,
    ...more,
  }
}

export const READY = { ready: true, serving: true, terminating: false } as const
export const NOT_READY = { ready: false, serving: false, terminating: false } as const
export const DRAINING = { ready: false, serving: true, terminating: true } as const
export const TERMINATED = { ready: false, serving: false, terminating: true } as const

/** The endpoints of Service `web`, with what was told of faults and the newest set. */
export class Web {
  readonly clock: FakeClock = fakeClock()
  readonly faults: string[] = []
  readonly errors: StickyError[] = []
  readonly endpoints: ServiceEndpoints
  #set: EndpointSet | undefined

  constructor(options: SliceOptions = {}, slices: readonly unknown[] = []) {
    this.endpoints = new ServiceEndpoints({
      service: 'web',
      namespace: 'default',
      slices: options,
      failed: (error) => {
        this.errors.push(error)
        this.faults.push(error.message)
      },
      clock: this.clock,
    })
    this.endpoints.replaced(slices as EndpointSlice[])
  }

  put(...slices: readonly unknown[]): this {
    for (const each of slices) this.endpoints.put(each as EndpointSlice)
    return this
  }

  remove(name: string): this {
    this.endpoints.removed(slice(name, []))
    return this
  }

  /** The newest set. */
  get set(): EndpointSet {
    this.#set = this.endpoints.take() ?? this.#set
    return this.#set as EndpointSet
  }

  get(identity: string): Endpoint | undefined {
    return this.set.get(identity)
  }

  /** Each endpoint as `identity host:port`. */
  get shown(): string[] {
    return this.set.endpoints.map(({ identity, host, port }) => `${identity} ${host}:${port}`)
  }
}
