import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ConnectionOptions } from 'node:tls'
import { type Clock, type StickyError, systemClock } from '@limpet/core'
import {
  canonicalAddress,
  choiceOption,
  contractOption,
  durationOption,
  functionOption,
  integerOption,
  optionsObject,
  trustedProxies,
} from '@limpet/core/adapter-kit'

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
   * Who may say in X-Forwarded-* and Forwarded for whom it speaks: addresses and CIDR ranges of the peers, or a function
   * of the request. From anyone else these headers are replaced. Default: nobody.
   */
  readonly trustedProxies?: readonly string[] | ((request: IncomingMessage) => boolean)
  /** Host header towards the pod: the client's, or the endpoint's own. Default `preserve`. */
  readonly host?: 'preserve' | 'endpoint'
  /**
   * Whether a GET, HEAD, OPTIONS or TRACE without a body is sent again when its connection ended before any byte of an
   * answer (RFC 9110, 9.2.2). Default `true`.
   */
  readonly repeatSafe?: boolean
  /**
   * Whether a request whose key has moved tells its new pod why the old one was lost, as `X-Limpet-Moved: <cause>`. A
   * client's header of this name is then never passed on, on any request. Default `false`.
   */
  readonly movedHeader?: boolean
  /** The request target towards the pod. Default: the request's own `url`. */
  readonly path?: (request: IncomingMessage) => string
  /** For `https:` endpoints: CA, client certificate, `servername` … */
  readonly tls?: ConnectionOptions
  /**
   * Told of every error before it is answered; `true` = it is answered already. Not called for refused routes.
   * Default: none.
   */
  readonly onError?: (error: StickyError, request: IncomingMessage, response: ServerResponse) => boolean
  /** Default: the clock of this process. */
  readonly clock?: Clock
}

/** The options with every default filled in. */
export interface CheckedForwardOptions
  extends Required<Omit<ForwardOptions, 'trustedProxies' | 'path' | 'onError'>> {
  readonly path: ForwardOptions['path']
  readonly onError: ForwardOptions['onError']
  readonly isTrusted: (request: IncomingMessage) => boolean
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
  'repeatSafe',
  'movedHeader',
  'path',
  'tls',
  'onError',
  'clock',
] as const satisfies readonly (keyof ForwardOptions)[]

/**
 * Checks the options and fills in the defaults.
 *
 * @throws StickyError `invalid-option`
 */
export function checkForwardOptions(options: ForwardOptions): CheckedForwardOptions {
  optionsObject('forward', options, NAMES)
  const {
    path,
    onError,
    trustedProxies: trusted = [],
    clock = systemClock,
    repeatSafe = true,
    movedHeader = false,
  } = options
  const milliseconds = (name: keyof ForwardOptions & string, least: number, byDefault: number) =>
    durationOption(`forward.${name}`, options[name] ?? byDefault, least, 'finite')
  if (path !== undefined) functionOption('forward.path', path)
  if (onError !== undefined) functionOption('forward.onError', onError)
  if (options.tls !== undefined)
    contractOption('forward.tls', options.tls, 'tls.ConnectionOptions object', [])
  choiceOption('forward.repeatSafe', String(repeatSafe), ['true', 'false'])
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
    repeatSafe,
    movedHeader,
    path,
    tls: options.tls ?? {},
    onError,
    clock: contractOption('forward.clock', clock, 'Clock', ['now', 'after']),
  }
}

/** A number of things, or `Infinity`. */
function countOption(path: string, value: number): number {
  return value === Number.POSITIVE_INFINITY ? value : integerOption(path, value, 1, 2 ** 31 - 1)
}

function peerIn(ranges: readonly string[]): (request: IncomingMessage) => boolean {
  const isTrusted = trustedProxies('forward.trustedProxies', ranges)
  if (ranges.length === 0) return () => false
  return ({ socket }) => {
    const peer = canonicalAddress(socket.remoteAddress ?? '')
    return peer !== undefined && isTrusted(peer)
  }
}
