import { type Clock, systemClock } from '../../clock.ts'
import type { StickyError } from '../../error.ts'
import {
  contractOption,
  durationOption,
  functionOption,
  integerOption,
  invalidOption,
  optionsObject,
} from '../../option.ts'
import type { Discovery } from '../discovery.ts'
import { inClusterApi } from './api/cluster-api.ts'
import type { KubernetesApi } from './api/kubernetes-api.ts'
import type { Freshness } from './api/reflector.ts'
import { ServiceWatch, type ServiceWatchOptions } from './service-watch.ts'
import { checkedSliceOptions, SLICE_OPTIONS, type SliceOptions } from './slices/slice-options.ts'

/** Options of {@link kubernetes}. @public */
export interface KubernetesOptions extends SliceOptions {
  /** Name of the Service whose pods are found; a headless one serves as well. */
  readonly service: string
  /** Default: that of `api`, which in a pod is the pod's own. */
  readonly namespace?: string
  /** The API that is asked. Default `inClusterApi()`. */
  readonly api?: KubernetesApi
  /**
   * The shortest time between two snapshots, in milliseconds, 0 to 1 000: a change after a quiet time makes one at once, those of a
   * burst come together. Where snapshots take long there is more time between them, up to 100 ms. Default 4.
   */
  readonly coalesceMs?: number
  /** Objects in a page of a list, 1 to 10 000. Default 500, as client-go. */
  readonly pageSize?: number
  /**
   * A watch on which bookmarks have come and then nothing for this long counts as lost, in milliseconds; at least 1 000. A
   * server sends bookmarks about once a minute. Default 180 000.
   */
  readonly silenceMs?: number
  /** The shortest wait after a first failure, in milliseconds; each further one doubles it. Default 800, as client-go. */
  readonly retryBaseMs?: number
  /** The longest wait after any failure, in milliseconds. Default 30 000, as client-go. Waits are random. */
  readonly retryMaxMs?: number
  /**
   * Told of every failure: code `kubernetes` for the API, `invalid-endpoint` for what a slice or a pod says. The last
   * endpoints stay. Default: a warning of the process, once while the same is told.
   */
  readonly onError?: (error: StickyError) => void
  /** Default: the clock of this process. */
  readonly clock?: Clock
  /** Numbers in [0, 1), for waits and for the length of watches. Default `Math.random`. */
  readonly random?: () => number
}

/** A discovery that tells how old its knowledge is. @public */
export interface KubernetesDiscovery extends Discovery {
  /** Of the watches that are under way, the worst. */
  readonly freshness: Freshness
}

const PATH = 'kubernetes'
const NAMES = [
  'service',
  'namespace',
  'api',
  'coalesceMs',
  'pageSize',
  'silenceMs',
  'retryBaseMs',
  'retryMaxMs',
  'onError',
  'clock',
  'random',
] as const satisfies readonly (keyof KubernetesOptions)[]

/** RFC 1123 labels, which names of Services and namespaces are. */
const LABEL = /^[a-z\d](?:[-a-z\d]{0,61}[a-z\d])?$/

/**
 * A discovery of the pods behind a Kubernetes Service, by its EndpointSlices: watched live, with readiness, termination and
 * zones. Needs `list` and `watch` on `endpointslices` of `discovery.k8s.io` in the namespace, and with `podWeight` on
 * `pods` too.
 *
 * While the API does not answer the last endpoints stay, for as long as that lasts; `freshness` and the `asOf` of each
 * failure tell how old they are.
 *
 * @throws StickyError `invalid-option`
 * @public
 */
export function kubernetes(options: KubernetesOptions): KubernetesDiscovery {
  const { onError, ...settings } = kubernetesSettings(options)
  const watches = new Set<ServiceWatch>()
  let last: Freshness = { isCurrent: false, asOf: undefined }
  return {
    async watch(listener, signal, failed) {
      const tell = (error: StickyError) => {
        onError(error)
        if (!signal.aborted) failed?.(error, watch.freshness.asOf)
      }
      const watch: ServiceWatch = new ServiceWatch({ ...settings, listener, failed: tell })
      watches.add(watch)
      try {
        await watch.run(signal)
      } finally {
        watches.delete(watch)
        last = { isCurrent: false, asOf: watch.freshness.asOf }
      }
    },
    get freshness() {
      return worst([...watches].map(({ freshness }) => freshness)) ?? last
    },
  }
}

function worst(all: readonly Freshness[]): Freshness | undefined {
  if (all.length === 0) return undefined
  const known = all.map(({ asOf }) => asOf ?? Number.NEGATIVE_INFINITY)
  const asOf = Math.min(...known)
  return {
    isCurrent: all.every(({ isCurrent }) => isCurrent),
    asOf: asOf === Number.NEGATIVE_INFINITY ? undefined : asOf,
  }
}

/** {@link KubernetesOptions}, checked and with defaults. */
export type KubernetesSettings = Omit<ServiceWatchOptions, 'listener' | 'failed'> & {
  readonly onError: (error: StickyError) => void
}

/**
 * Checks the options of {@link kubernetes}.
 *
 * @throws StickyError `invalid-option`
 */
export function kubernetesSettings(options: KubernetesOptions): KubernetesSettings {
  optionsObject(PATH, options, [...NAMES, ...SLICE_OPTIONS])
  const {
    coalesceMs = 4,
    pageSize = 500,
    silenceMs = 180_000,
    retryBaseMs = 800,
    retryMaxMs = 30_000,
  } = options
  const { service, onError, clock = systemClock, random = Math.random } = options
  const duration = (name: string, value: number, min: number) =>
    durationOption(`${PATH}.${name}`, value, min, 'finite')
  if (duration('coalesceMs', coalesceMs, 0) > 1_000) {
    throw invalidOption(`${PATH}.coalesceMs`, 'milliseconds from 0 to 1000', coalesceMs)
  }
  if (onError !== undefined) functionOption(`${PATH}.onError`, onError)
  const slices = Object.fromEntries(
    SLICE_OPTIONS.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])),
  ) as SliceOptions
  checkedSliceOptions(PATH, slices)
  nameOption('service', service)
  duration('retryBaseMs', retryBaseMs, 1)
  const checked = {
    service,
    slices,
    coalesceMs,
    pageSize: integerOption(`${PATH}.pageSize`, pageSize, 1, 10_000),
    silenceMs: duration('silenceMs', silenceMs, 1_000),
    retryBaseMs,
    retryMaxMs: duration('retryMaxMs', retryMaxMs, retryBaseMs),
    clock: contractOption(`${PATH}.clock`, clock, 'Clock', ['now', 'after']),
    random: functionOption(`${PATH}.random`, random),
    onError: guarded(onError ?? warner()),
  }
  // Last: outside a pod it is what is missing, and should not hide what else is wrong.
  const { api = inClusterApi() } = options
  contractOption(`${PATH}.api`, api, 'KubernetesApi', ['list', 'watch'])
  const namespace = options.namespace ?? api.namespace
  if (namespace === undefined)
    throw invalidOption(`${PATH}.namespace`, 'a namespace, as the API names none', namespace)
  nameOption('namespace', namespace)
  return { ...checked, api, namespace }
}

function nameOption(name: 'service' | 'namespace', value: unknown): void {
  if (typeof value !== 'string' || !LABEL.test(value)) {
    throw invalidOption(`${PATH}.${name}`, `the name of a ${name} (a DNS label)`, value)
  }
}

/** What a listener throws must not end a watch. */
function guarded(onError: (error: StickyError) => void): (error: StickyError) => void {
  return (error) => {
    try {
      onError(error)
    } catch {
      // There is nobody left to tell.
    }
  }
}

function warner(): (error: StickyError) => void {
  let told: string | undefined
  return ({ message }) => {
    if (message === told) return
    told = message
    process.emitWarning(message, { code: 'LIMPET_KUBERNETES' })
  }
}
