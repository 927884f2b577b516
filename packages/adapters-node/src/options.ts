import { type ConnectionOptions, createSecureContext } from 'node:tls'
import { type Clock, type StickyError, systemClock } from '@limpet/core'
import {
  canonicalAddress,
  choiceOption,
  contractOption,
  durationOption,
  functionOption,
  integerOption,
  invalidOption,
  optionsObject,
  trustedProxies,
} from '@limpet/core/adapter-kit'
import type { DownstreamRequest, DownstreamResponse } from './downstream/downstream-request.ts'
import type { HookContext, OutgoingRequestHead, OutgoingResponseHead } from './hooks.ts'
import { type CheckedRetryOptions, checkRetryOptions, type RetryOptions } from './retry/retry-options.ts'

/** Options of `forward()`. @public */
export interface ForwardOptions {
  /** The longest wait for a connection to one endpoint, in milliseconds; at least 1. Default 5 000. */
  readonly connectTimeoutMs?: number
  /** The longest silence of an endpoint until the head of its response, in milliseconds; at least 1. Default 60 000. */
  readonly responseTimeoutMs?: number
  /**
   * The longest silence within a response or a request's body, in milliseconds; at least 1. Also for a client that does
   * not read. Upgraded streams have `upgradeIdleMs`. Default 60 000.
   */
  readonly idleTimeoutMs?: number
  /**
   * The longest silence of an upgraded stream in both directions, in milliseconds, at least 1, or `Infinity`: then both sides
   * are closed, at most an eighth later. Bytes either way count, and so does a direction's end. Streams of applications
   * without pings are silent for long; but one whose client has vanished without a word is silent for ever.
   * Default 3 600 000 (an hour, as in the example of HAProxy's `timeout tunnel`).
   */
  readonly upgradeIdleMs?: number
  /**
   * Upgrades that may be open or under way at once; more are answered 503 `at-capacity`. An integer of at least 1, or
   * `Infinity`. Each takes two file descriptors. Default `Infinity`.
   */
  readonly maxUpgrades?: number
  /** How long an idle connection to an endpoint is kept, in milliseconds; 0 keeps none. Default 4 000. */
  readonly keepAliveMs?: number
  /** Bytes that the head of a response may have, 1 024 to 1 048 576. Default 16 384. */
  readonly maxHeadBytes?: number
  /**
   * Who may say in X-Forwarded-*, X-Real-IP and Forwarded for whom it speaks: addresses and CIDR ranges of the peers, or a function
   * of the request. From anyone else these headers are replaced. Default: nobody.
   */
  readonly trustedProxies?: readonly string[] | ((request: DownstreamRequest) => boolean)
  /** Host header towards the pod: the client's, or the endpoint's own. Default `preserve`. */
  readonly host?: 'preserve' | 'endpoint'
  /**
   * Which headers tell the pod of its client: `x-forwarded` (X-Forwarded-For, -Proto, -Host, -Port), `rfc7239` (Forwarded),
   * `both`, or `none`. Default `x-forwarded`.
   */
  readonly forwarded?: 'x-forwarded' | 'rfc7239' | 'both' | 'none'
  /**
   * Our name in Via, both ways (RFC 9110, 7.6.3): a token such as `limpet`. Default: none is sent, as by other gateways;
   * servers switch compression off where they see one (nginx's `gzip_proxied`).
   */
  readonly via?: string
  /**
   * When a request that was sent already is sent again; `false` = never. A connection that fails before anything was sent is
   * no matter of this: it is always followed by the next endpoint. Default: see {@link RetryOptions}.
   */
  readonly retry?: RetryOptions | false
  /**
   * Requests and upgraded streams that one endpoint may have from this gateway at the same time; a whole number from 1, or
   * Infinity. Default Infinity.
   */
  readonly maxRequestsPerEndpoint?: number
  /** Requests that may wait for one endpoint beyond that; 0 = none waits. Default 1 000. */
  readonly maxQueuedPerEndpoint?: number
  /** The longest of these waits, in milliseconds; then it is 503 `endpoint-busy`. At least 1. Default 5 000. */
  readonly queueTimeoutMs?: number
  /**
   * Whether a request whose key has moved tells its new pod why the old one was lost, as `X-Limpet-Moved: <cause>`. A
   * client's header of this name is then never passed on, on any request. Default `false`.
   */
  readonly movedHeader?: boolean
  /** The request target towards the pod. Default: the request's own `url`. */
  readonly path?: (request: DownstreamRequest) => string
  /** For `https:` endpoints: CA, client certificate, `servername` … */
  readonly tls?: ConnectionOptions
  /**
   * May change the headers towards the pod, when all of our own are there; for upgrades too, and again for each endpoint that
   * is tried. What it throws is 500 `handler-failed`. Default: none.
   */
  readonly onRequestHead?: (head: OutgoingRequestHead, context: HookContext) => void
  /** May change the headers towards the client; not those of our own error answers. Default: none. */
  readonly onResponseHead?: (head: OutgoingResponseHead, context: HookContext) => void
  /**
   * Told of every error before it is answered; `true` = it is answered already. Not called for refused routes.
   * Default: none.
   */
  readonly onError?: (error: StickyError, request: DownstreamRequest, response: DownstreamResponse) => boolean
  /** Default: the clock of this process. */
  readonly clock?: Clock
  /** Numbers from 0 to 1, for the pauses between tries. Default `Math.random`. */
  readonly random?: () => number
}

type Optional = 'path' | 'onError' | 'onRequestHead' | 'onResponseHead' | 'via'

/** The options with every default filled in. */
export interface CheckedForwardOptions
  extends Required<Omit<ForwardOptions, Optional | 'trustedProxies' | 'retry'>> {
  readonly path: ForwardOptions['path']
  readonly onError: ForwardOptions['onError']
  readonly onRequestHead: ForwardOptions['onRequestHead']
  readonly onResponseHead: ForwardOptions['onResponseHead']
  readonly via: string | undefined
  readonly retry: CheckedRetryOptions
  readonly isTrusted: (request: DownstreamRequest) => boolean
  /** Names in lower case of the headers that the key is read from. */
  readonly keyHeaders: readonly string[]
}

const NAMES = [
  'connectTimeoutMs',
  'responseTimeoutMs',
  'idleTimeoutMs',
  'upgradeIdleMs',
  'maxUpgrades',
  'keepAliveMs',
  'maxHeadBytes',
  'trustedProxies',
  'host',
  'forwarded',
  'via',
  'retry',
  'maxRequestsPerEndpoint',
  'maxQueuedPerEndpoint',
  'queueTimeoutMs',
  'movedHeader',
  'path',
  'tls',
  'onRequestHead',
  'onResponseHead',
  'onError',
  'clock',
  'random',
] as const satisfies readonly (keyof ForwardOptions)[]

/**
 * Checks the options and fills in the defaults. `keyHeaders`: names of the headers that the routing reads keys from.
 *
 * @throws StickyError `invalid-option`
 */
export function checkForwardOptions(
  options: ForwardOptions,
  keyHeaders: readonly string[],
): CheckedForwardOptions {
  optionsObject('forward', options, NAMES)
  const {
    trustedProxies: trusted = [],
    via,
    maxRequestsPerEndpoint = Number.POSITIVE_INFINITY,
    movedHeader = false,
    tls = {},
    clock = systemClock,
    random = Math.random,
  } = options
  const milliseconds = (name: keyof ForwardOptions & string, least: number, byDefault: number) =>
    durationOption(`forward.${name}`, options[name] ?? byDefault, least, 'finite')
  for (const name of ['path', 'onError', 'onRequestHead', 'onResponseHead'] as const) {
    if (options[name] !== undefined) functionOption(`forward.${name}`, options[name])
  }
  if (via !== undefined && (typeof via !== 'string' || !/^[\w.:-]{1,100}$/.test(via))) {
    throw invalidOption('forward.via', 'a name such as limpet', via)
  }
  if (maxRequestsPerEndpoint !== Number.POSITIVE_INFINITY) {
    integerOption('forward.maxRequestsPerEndpoint', maxRequestsPerEndpoint, 1, MOST_REQUESTS)
  }
  choiceOption('forward.movedHeader', String(movedHeader), ['true', 'false'])
  return {
    connectTimeoutMs: milliseconds('connectTimeoutMs', 1, 5_000),
    responseTimeoutMs: milliseconds('responseTimeoutMs', 1, 60_000),
    idleTimeoutMs: milliseconds('idleTimeoutMs', 1, 60_000),
    upgradeIdleMs: durationOption('forward.upgradeIdleMs', options.upgradeIdleMs ?? 3_600_000, 1, 'or-never'),
    maxUpgrades: countOption('forward.maxUpgrades', options.maxUpgrades ?? Number.POSITIVE_INFINITY),
    keepAliveMs: milliseconds('keepAliveMs', 0, 4_000),
    maxHeadBytes: integerOption('forward.maxHeadBytes', options.maxHeadBytes ?? 16_384, 1_024, 1_048_576),
    isTrusted: typeof trusted === 'function' ? trusted : peerIn(trusted),
    host: choiceOption('forward.host', options.host ?? 'preserve', ['preserve', 'endpoint']),
    forwarded: choiceOption('forward.forwarded', options.forwarded ?? 'x-forwarded', FORWARDED),
    via,
    retry: checkRetryOptions(options.retry ?? {}),
    maxRequestsPerEndpoint,
    maxQueuedPerEndpoint: integerOption(
      'forward.maxQueuedPerEndpoint',
      options.maxQueuedPerEndpoint ?? 1_000,
      0,
      MOST_REQUESTS,
    ),
    queueTimeoutMs: milliseconds('queueTimeoutMs', 1, 5_000),
    movedHeader,
    path: options.path,
    tls: withContext(tls),
    onRequestHead: options.onRequestHead,
    onResponseHead: options.onResponseHead,
    onError: options.onError,
    keyHeaders,
    clock: contractOption('forward.clock', clock, 'Clock', ['now', 'after']),
    random: functionOption('forward.random', random),
  }
}

const FORWARDED = ['x-forwarded', 'rfc7239', 'both', 'none'] as const
const MOST_REQUESTS = 1_000_000

/** A number of things, or `Infinity`. */
function countOption(path: string, value: number): number {
  return value === Number.POSITIVE_INFINITY ? value : integerOption(path, value, 1, 2 ** 31 - 1)
}

/** Reads certificates and keys once: for each connection anew it costs more than the handshake. */
function withContext(tls: ConnectionOptions): ConnectionOptions {
  contractOption('forward.tls', tls, 'tls.ConnectionOptions object', [])
  const { servername = '' } = tls
  if (typeof servername !== 'string') throw invalidOption('forward.tls.servername', 'a name', servername)
  if (tls.secureContext !== undefined || Object.keys(tls).length === 0) return tls
  try {
    return { ...tls, secureContext: createSecureContext(tls) }
  } catch (error) {
    // What node says of it may hold a part of a key.
    throw invalidOption(
      'forward.tls',
      'what tls.createSecureContext() takes',
      (error as { code?: unknown }).code,
    )
  }
}

function peerIn(ranges: readonly string[]): (request: DownstreamRequest) => boolean {
  const isTrusted = trustedProxies('forward.trustedProxies', ranges)
  if (ranges.length === 0) return () => false
  return ({ socket }) => {
    const peer = canonicalAddress(socket.remoteAddress ?? '')
    return peer !== undefined && isTrusted(peer)
  }
}
