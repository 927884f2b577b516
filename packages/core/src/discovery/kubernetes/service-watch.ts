import type { Clock } from '../../clock.ts'
import type { EndpointSet } from '../../endpoint/endpoint-set.ts'
import type { StickyError } from '../../error.ts'
import type { CollectionSink } from './api/collection-sink.ts'
import type { Collection, KubernetesApi, KubernetesObject } from './api/kubernetes-api.ts'
import { type Freshness, Reflector } from './api/reflector.ts'
import type { EndpointSlice, KubernetesPod } from './slices/endpoint-slice.ts'
import { ServiceEndpoints } from './slices/service-endpoints.ts'
import type { SliceOptions } from './slices/slice-options.ts'
import { SnapshotPace } from './snapshot-pace.ts'

/** What a {@link ServiceWatch} needs; everything is checked. */
export interface ServiceWatchOptions {
  readonly api: KubernetesApi
  readonly service: string
  readonly namespace: string
  readonly slices: SliceOptions
  readonly coalesceMs: number
  readonly pageSize: number
  readonly silenceMs: number
  readonly retryBaseMs: number
  readonly retryMaxMs: number
  readonly clock: Clock
  readonly random: () => number
  readonly listener: (set: EndpointSet) => void
  readonly failed: (error: StickyError) => void
}

/** One watch of a Service: its EndpointSlices, and its pods where weights depend on them, made into snapshots. */
export class ServiceWatch {
  readonly #options: ServiceWatchOptions
  readonly #endpoints: ServiceEndpoints
  readonly #slices: Reflector
  readonly #pods: Reflector | undefined
  readonly #pace: SnapshotPace
  readonly #closing = new AbortController()
  /** Weights are known as far as they will be: a first snapshot without them would place keys where they do not belong. */
  #areWeightsKnown = true
  #cancelDue: (() => void) | undefined = undefined
  #broken: { readonly error: unknown } | undefined = undefined

  constructor(options: ServiceWatchOptions) {
    const { service, namespace, slices, clock, coalesceMs, failed } = options
    this.#options = options
    this.#endpoints = new ServiceEndpoints({ service, namespace, slices, failed, clock })
    this.#pace = new SnapshotPace({ coalesceMs, clock, make: () => this.#make() })
    this.#slices = this.#reflector(
      {
        group: 'discovery.k8s.io',
        version: 'v1',
        plural: 'endpointslices',
        namespace,
        labelSelector: `kubernetes.io/service-name=${service}`,
      },
      this.#telling<EndpointSlice>(this.#endpoints),
      failed,
    )
    this.#pods = this.#podsReflector()
  }

  /** How the slices stand to what the server has. */
  get freshness(): Freshness {
    return this.#slices.freshness
  }

  /** Resolves when the signal has aborted and nothing is left under way. Rejects if `listener` throws. */
  async run(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    const abort = () => this.#close()
    signal.addEventListener('abort', abort, { once: true })
    await Promise.all([this.#slices, this.#pods].map((reflector) => reflector?.run(this.#closing.signal)))
    signal.removeEventListener('abort', abort)
    if (this.#broken) throw this.#broken.error
  }

  #podsReflector(): Reflector | undefined {
    const { pods } = this.#endpoints
    if (!pods) return undefined
    this.#areWeightsKnown = false
    const known = () => {
      this.#areWeightsKnown = true
      this.#pace.changed()
    }
    const told = this.#telling<KubernetesPod>(pods)
    return this.#reflector(
      { group: '', version: 'v1', plural: 'pods', namespace: this.#options.namespace },
      {
        ...told,
        replaced: (items) => {
          told.replaced(items)
          known()
        },
      },
      (error) => {
        this.#options.failed(error)
        known()
      },
    )
  }

  #reflector(collection: Collection, sink: CollectionSink, failed: (error: StickyError) => void): Reflector {
    const { api, pageSize, silenceMs, retryBaseMs, retryMaxMs, clock, random } = this.#options
    const times = { silenceMs, retryBaseMs, retryMaxMs, clock, random }
    return new Reflector({ api, collection, sink, pageSize, ...times, failed })
  }

  /** Tells `sink`, and then that a snapshot is due. What the objects are is for the sink to check. */
  #telling<T>(sink: {
    replaced(items: readonly T[]): void
    put(item: T): void
    removed(item: T): void
  }): CollectionSink {
    const as = (item: KubernetesObject) => item as unknown as T
    return {
      replaced: (items) => {
        sink.replaced(items.map(as))
        this.#pace.changed()
      },
      put: (item) => {
        sink.put(as(item))
        this.#pace.changed()
      },
      removed: (item) => {
        sink.removed(as(item))
        this.#pace.changed()
      },
    }
  }

  #make(): void {
    if (!this.#areWeightsKnown) return
    try {
      const set = this.#endpoints.take()
      this.#awaitDue()
      if (set) this.#options.listener(set)
    } catch (error) {
      this.#broken = { error }
      this.#close()
    }
  }

  /** What vanished stays for a while: its end is a change that nobody tells of. */
  #awaitDue(): void {
    const { clock } = this.#options
    this.#cancelDue?.()
    const { dueAt } = this.#endpoints
    // At least a millisecond: a timer may come a fraction too early.
    this.#cancelDue =
      dueAt === undefined
        ? undefined
        : clock.after(Math.max(dueAt - clock.now(), 1), () => this.#pace.changed())
  }

  #close(): void {
    this.#pace.close()
    this.#cancelDue?.()
    this.#closing.abort()
  }
}
