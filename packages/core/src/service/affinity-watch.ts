import type { CollectionSink } from '../discovery/kubernetes/api/collection-sink.ts'
import type { KubernetesObject } from '../discovery/kubernetes/api/kubernetes-api.ts'
import { Reflector } from '../discovery/kubernetes/api/reflector.ts'
import type { KubernetesSettings } from '../discovery/kubernetes/kubernetes.ts'
import { StickyError } from '../error.ts'
import type { AffinitySource } from './affinity-awaited.ts'
import { readAffinity, type ServiceAffinity } from './service-affinity.ts'

/** Watches a Service for its affinity; needs `list` and `watch` on `services` in the namespace. */
export function affinityWatch(settings: KubernetesSettings): AffinitySource {
  const { service, namespace, onError, api, pageSize, silenceMs, retryBaseMs, retryMaxMs, clock, random } =
    settings
  const times = { silenceMs, retryBaseMs, retryMaxMs, clock, random }
  return {
    watch(told, signal, failed) {
      const tell = (error: StickyError) => {
        onError(error)
        if (!signal.aborted) failed(error)
      }
      return new Reflector({
        api,
        collection: {
          group: '',
          version: 'v1',
          plural: 'services',
          namespace,
          fieldSelector: `metadata.name=${service}`,
        },
        sink: new AffinitySink(`${namespace}/${service}`, told, tell),
        pageSize,
        ...times,
        failed: tell,
      }).run(signal)
    },
  }
}

/** Follows the one Service of a collection. */
class AffinitySink implements CollectionSink {
  readonly #service: string
  readonly #told: (affinity: ServiceAffinity) => void
  readonly #failed: (error: StickyError) => void
  #affinity: ServiceAffinity | undefined
  /** The last fault told: each is told once. */
  #fault: string | undefined

  constructor(
    service: string,
    told: (affinity: ServiceAffinity) => void,
    failed: (error: StickyError) => void,
  ) {
    this.#service = service
    this.#told = told
    this.#failed = failed
  }

  replaced([service]: readonly KubernetesObject[]): void {
    if (service) this.put(service)
    else this.removed()
  }

  put(service: KubernetesObject): void {
    const { affinity, fault } = readAffinity(service)
    this.#tell(fault)
    this.#follow(affinity)
  }

  /** Its endpoints go with it; what their clients were bound by stays until it is back. */
  removed(): void {
    this.#tell('there is no such Service')
    if (this.#affinity === undefined) this.#follow({ kind: 'None' })
  }

  #tell(fault: string | undefined): void {
    const isNew = fault !== undefined && fault !== this.#fault
    this.#fault = fault
    if (isNew) this.#failed(new StickyError('kubernetes', `Service ${this.#service}: ${fault}`))
  }

  #follow(affinity: ServiceAffinity): void {
    if (isSame(this.#affinity, affinity)) return
    this.#affinity = affinity
    this.#told(affinity)
  }
}

function isSame(one: ServiceAffinity | undefined, other: ServiceAffinity): boolean {
  if (one?.kind !== other.kind) return false
  return one.kind === 'None' || (other.kind === 'ClientIP' && one.timeoutMs === other.timeoutMs)
}
