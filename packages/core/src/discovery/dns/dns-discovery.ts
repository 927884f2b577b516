import { type Clock, systemClock } from '../../clock.ts'
import type { StickyError } from '../../error.ts'
import {
  choiceOption,
  contractOption,
  durationOption,
  functionOption,
  integerOption,
  invalidOption,
  optionsObject,
} from '../../option.ts'
import type { Discovery } from '../discovery.ts'
import { addressSource, podIdentities, podSource } from './address-source.ts'
import { dnsResolver } from './dns-resolver.ts'
import { DnsWatch } from './dns-watch.ts'
import type { EndpointSource } from './endpoint-source.ts'
import { nameOption } from './name.ts'
import type { Resolver } from './resolver.ts'
import { ServiceSource, serviceOf } from './service-source.ts'
import { podNames, type StatefulSetNames } from './stateful-set.ts'
import type { RefreshOptions } from './watched-records.ts'

/** Options of {@link dnsDiscovery}. @public */
export interface DnsDiscoveryOptions {
  /** One name, a list of at most 1 000, or the pods of a StatefulSet. A dot at the end makes a name absolute. */
  readonly names: string | readonly string[] | StatefulSetNames
  /** What to ask for. Default `A+AAAA`. `SRV` brings ports and weights too, and the names of pods. */
  readonly type?: 'A' | 'AAAA' | 'A+AAAA' | 'SRV'
  /**
   * What bindings point at. `address`: every address is an endpoint of its own, as `host:port`. `name`: every name is one
   * endpoint, called by its first label (`web-0`), at whatever address it has. Default `name` for a StatefulSet and for
   * SRV, else `address`.
   */
  readonly identity?: 'address' | 'name'
  /** Port of the endpoints, 1 to 65535. Required, but with `SRV`, which tells the port. */
  readonly port?: number
  /** Default `http:`. */
  readonly protocol?: 'http:' | 'https:'
  /** Weight of every endpoint, 0 to 65535. Default 1. Not with `SRV`, which tells the weights. */
  readonly weight?: number
  /** Default: `dnsResolver()`. */
  readonly resolver?: Resolver
  /** A name is not asked for again sooner than this, in milliseconds, whatever its TTL; at least 1. Default 1 000. */
  readonly minTtlMs?: number
  /** A name is asked for again at the latest after this, in milliseconds. Default 30 000. */
  readonly maxTtlMs?: number
  /**
   * The records of a name that is said not to exist, or to have none, stay for this long, in milliseconds; the answer
   * must then still be the same. 0 = believed at once. Default 30 000, as HAProxy's `hold nx`. Without an answer they stay
   * for ever.
   */
  readonly emptyAfterMs?: number
  /** A record that is missing among others stays for this long, in milliseconds. Default 0, as HAProxy's `hold obsolete`. */
  readonly obsoleteAfterMs?: number
  /** The longest wait after a first failure, in milliseconds; each further one doubles it. Default 500. */
  readonly retryBaseMs?: number
  /** The longest wait after any failure, in milliseconds. Default 30 000. The wait is random below its limit. */
  readonly retryMaxMs?: number
  /**
   * The first snapshot comes when every name has had its first answer, or with what is known after this long, in
   * milliseconds, if that is at least one endpoint. Default 2 000: within the wait of a pool for its first snapshot.
   */
  readonly partialAfterMs?: number
  /** Told of every failure to resolve a name, code `dns`. The discovery tries again; there is nothing to do but to tell. */
  readonly onError?: (error: StickyError) => void
  /** Default: the clock of this process. */
  readonly clock?: Clock
  /** Numbers in [0, 1), for the wait after a failure. Default `Math.random`. */
  readonly random?: () => number
}

const PATH = 'dnsDiscovery'

/** For each name there is a query at every TTL. */
const MAX_NAMES = 1_000

/**
 * A discovery of pods by DNS: headless Services by A and AAAA records, StatefulSets by the names of their pods, services
 * by SRV records. Each name is asked for again when its TTL has passed.
 *
 * The last endpoints stay while no server answers, for as long as that lasts. DNS cannot say that a pod is shutting down:
 * it is there until it is gone, so pods are never draining by this discovery.
 *
 * Of SRV records those of the lowest priority are used; a weight of 0 takes no new keys, unless all are 0, which counts
 * as 1 each (RFC 2782). A target with several addresses is one endpoint.
 *
 * @throws StickyError `invalid-option`
 * @public
 */
export function dnsDiscovery(options: DnsDiscoveryOptions): Discovery {
  const { makeSources, ...settings } = settingsOf(options)
  return {
    watch: async (listener, signal, failed) => {
      const tell = (error: StickyError) => {
        settings.failed(error)
        if (!signal.aborted) failed?.(error)
      }
      const sources = (changed: () => void) => makeSources(changed, tell)
      await new DnsWatch({ ...settings, failed: tell, listener, sources }).run(signal)
    },
  }
}

interface Settings {
  readonly partialAfterMs: number
  readonly clock: Clock
  readonly failed: (error: StickyError) => void
  readonly makeSources: (
    changed: () => void,
    failed: (error: StickyError) => void,
  ) => readonly EndpointSource[]
}

function settingsOf(options: DnsDiscoveryOptions): Settings {
  optionsObject(PATH, options, [
    'names',
    'type',
    'identity',
    'port',
    'protocol',
    'weight',
    'resolver',
    'minTtlMs',
    'maxTtlMs',
    'emptyAfterMs',
    'obsoleteAfterMs',
    'retryBaseMs',
    'retryMaxMs',
    'partialAfterMs',
    'onError',
    'clock',
    'random',
  ])
  const { partialAfterMs = 2_000, clock = systemClock } = options
  const refresh = refreshOptions(options)
  const plan = sourcesOf(options)
  return {
    partialAfterMs: durationOption(`${PATH}.partialAfterMs`, partialAfterMs, 0, 'finite'),
    clock,
    failed: refresh.failed,
    makeSources: (changed, failed) => plan({ ...refresh, changed, failed }),
  }
}

function refreshOptions(options: DnsDiscoveryOptions): Omit<RefreshOptions, 'changed'> {
  const { resolver = dnsResolver(), onError, clock = systemClock, random = Math.random } = options
  const { minTtlMs = 1_000, maxTtlMs = 30_000, emptyAfterMs = 30_000, obsoleteAfterMs = 0 } = options
  const { retryBaseMs = 500, retryMaxMs = 30_000 } = options
  const duration = (name: string, value: number, min: number) =>
    durationOption(`${PATH}.${name}`, value, min, 'finite')
  duration('minTtlMs', minTtlMs, 1)
  return {
    resolver: contractOption(`${PATH}.resolver`, resolver, 'Resolver', ['resolve']),
    minTtlMs,
    maxTtlMs: duration('maxTtlMs', maxTtlMs, minTtlMs),
    emptyAfterMs: duration('emptyAfterMs', emptyAfterMs, 0),
    obsoleteAfterMs: duration('obsoleteAfterMs', obsoleteAfterMs, 0),
    retryBaseMs: duration('retryBaseMs', retryBaseMs, 1),
    retryMaxMs: duration('retryMaxMs', retryMaxMs, retryBaseMs),
    clock: contractOption(`${PATH}.clock`, clock, 'Clock', ['now', 'after']),
    random: functionOption(`${PATH}.random`, random),
    failed: failedFor(onError),
  }
}

function failedFor(onError: DnsDiscoveryOptions['onError']): (error: StickyError) => void {
  if (onError === undefined) return () => undefined
  functionOption(`${PATH}.onError`, onError)
  return (error) => {
    try {
      onError(error)
    } catch {
      // What a listener throws must not end the refresh of a name.
    }
  }
}

/** How the sources of a watch are made, from the options that say what to find. */
function sourcesOf(options: DnsDiscoveryOptions): (refresh: RefreshOptions) => readonly EndpointSource[] {
  const { type = 'A+AAAA', protocol = 'http:', weight = 1, port } = options
  choiceOption(`${PATH}.type`, type, ['A', 'AAAA', 'A+AAAA', 'SRV'])
  choiceOption(`${PATH}.protocol`, protocol, ['http:', 'https:'])
  if (typeof weight !== 'number' || !(weight >= 0 && weight <= 65_535)) {
    throw tellsOption('weight', 'a number from 0 to 65535', weight)
  }
  const defaults = { protocol, weight }
  const { names, isStatefulSet } = namesOf(options.names)
  const identity = options.identity ?? (isStatefulSet || type === 'SRV' ? 'name' : 'address')
  choiceOption(`${PATH}.identity`, identity, ['address', 'name'])

  if (type === 'SRV') {
    const none = 'to be left out with type SRV, whose records tell it'
    if (port !== undefined) throw tellsOption('port', none, port)
    if (options.weight !== undefined) throw tellsOption('weight', none, weight)
    if (isStatefulSet)
      throw tellsOption('names', 'the SRV name of the Service: a StatefulSet has none', names)
    const naming = new Set(names.map(serviceOf)).size === 1 ? 'label' : 'full'
    return (refresh) =>
      names.map((name) => new ServiceSource(name, { ...refresh, identity, naming, defaults }))
  }
  const fixedPort = integerOption(`${PATH}.port`, port, 1, 65_535)
  const identities = podIdentities(names)
  return (refresh) =>
    names.map((name, index) => {
      const source = { ...refresh, type, port: fixedPort, defaults }
      return identity === 'address'
        ? addressSource(name, source)
        : podSource(name, identities[index] as string, source)
    })
}

function namesOf(given: DnsDiscoveryOptions['names']): { names: readonly string[]; isStatefulSet: boolean } {
  const path = `${PATH}.names`
  if (typeof given === 'object' && given !== null && 'statefulSet' in given) {
    return { names: podNames(path, given), isStatefulSet: true }
  }
  const list = typeof given === 'string' ? [given] : given
  if (!Array.isArray(list) || list.length === 0 || list.length > MAX_NAMES) {
    throw invalidOption(path, `a name, a list of 1 to ${MAX_NAMES}, or { statefulSet, … }`, given)
  }
  const names = list.map((name, index) =>
    nameOption(typeof given === 'string' ? path : `${path}[${index}]`, name),
  )
  return { names: [...new Set(names)], isStatefulSet: false }
}

function tellsOption(name: string, expected: string, got: unknown): StickyError {
  return invalidOption(`${PATH}.${name}`, expected, got)
}
