import { clusterApi } from '../../../src/discovery/kubernetes/api/cluster-api.ts'
import {
  type KubernetesDiscovery,
  type KubernetesOptions,
  kubernetes,
} from '../../../src/discovery/kubernetes/kubernetes.ts'
import type { EndpointSet } from '../../../src/endpoint/endpoint-set.ts'
import type { StickyError } from '../../../src/error.ts'
import type { FakeKubernetes, KubernetesObjectInit } from '../../../src/testing/index.ts'
import { endpointSlice } from '../../../src/testing/index.ts'
import { until } from '../../support/until.ts'

/** What a fast test wants: nothing is held, and failures are tried again within milliseconds. */
export const QUICK = { moveGraceMs: 0, retryBaseMs: 5, retryMaxMs: 20 } as const

/** A slice of the Service `web` with these pods, by name and last part of the address. */
export function slice(name: string, pods: Readonly<Record<string, number>>): KubernetesObjectInit {
  return endpointSlice({
    service: 'web',
    name,
    endpoints: Object.entries(pods).map(([pod, host]) => ({ address: `10.0.0.${host}`, pod })),
  })
}

/** A watch of `kubernetes()` on a fake API server, with all it told. */
export class Followed {
  readonly sets: EndpointSet[] = []
  readonly errors: StickyError[] = []
  readonly asOf: (number | undefined)[] = []
  readonly discovery: KubernetesDiscovery
  readonly #abort = new AbortController()
  readonly #ended: Promise<void>

  constructor(server: FakeKubernetes, options: Partial<KubernetesOptions> = {}) {
    const { ca, token, url } = server
    this.discovery = kubernetes({
      service: 'web',
      namespace: 'default',
      api: clusterApi({ server: url, ca, token }),
      ...QUICK,
      onError: (error) => this.errors.push(error),
      ...options,
    })
    this.#ended = this.discovery.watch(
      (set) => this.sets.push(set),
      this.#abort.signal,
      (_error, asOf) => this.asOf.push(asOf),
    )
    this.#ended.catch(() => undefined)
  }

  get names(): string[] {
    return this.sets.at(-1)?.endpoints.map(({ identity }) => identity) ?? []
  }

  /** Resolves when the newest set has exactly these endpoints. */
  async knows(...names: string[]): Promise<void> {
    const wanted = names.sort().join()
    await until(
      () => (this.sets.length > 0 && [...this.names].sort().join() === wanted ? true : undefined),
      `endpoints ${wanted}`,
    ).catch((error) => {
      throw new Error(`${error.message}; last: ${this.names}; ${this.errors.map(({ message }) => message)}`)
    })
  }

  async failed(count = 1): Promise<StickyError> {
    return until(() => this.errors[count - 1], `error ${count}`)
  }

  async end(): Promise<void> {
    this.#abort.abort()
    await this.#ended
  }
}
