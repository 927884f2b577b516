import { durationOption, integerOption, optionsObject } from '@limpet/core/adapter-kit'
import { defaultMaxConnections } from './default-connections.ts'

/** What clients may take of a gateway: the limits that keep slow and many clients from harming the others. @public */
export interface ServeLimits {
  /**
   * The longest that a TLS handshake, and the head of a request, may take from the connection's or the request's first
   * moment, in milliseconds, 1 to 2^31 - 1. Then 408; a connection that never sent a byte is closed without a word, and so
   * is an HTTP/2 connection without a request. Default 20 000.
   */
  readonly headTimeoutMs?: number
  /**
   * The longest that an HTTP/1.1 request may take to arrive with its body, in milliseconds, at least `headTimeoutMs`. Longer
   * uploads are cut: give them more, or `Infinity`, where bodies are bounded by the silence that `forward.idleTimeoutMs`
   * allows within them, so that one who sends a byte a minute holds a connection and a pod for ever. Default 300 000.
   */
  readonly requestTimeoutMs?: number
  /**
   * How long a connection without a request, or an HTTP/2 session in silence, is kept, in milliseconds, 1 to 2^31 - 1.
   * Longer than the idle limit of the load balancer in front, so that it never sends a request into a closing connection.
   * Default 75 000, above the 60 s that most load balancers have.
   */
  readonly keepAliveMs?: number
  /** Bytes that the head of a request may have, 1 024 to 1 048 576; above it 431. Default 16 384. */
  readonly maxHeadBytes?: number
  /**
   * Connections at once, 1 to 1 000 000; more are closed when they are accepted. Default 16 384, or half of the files that
   * the process may open without 256, if that is less: each connection may need another one to a pod.
   */
  readonly maxConnections?: number
  /** Requests under way at once in one HTTP/2 connection, 1 to 65 535; more are refused with `REFUSED_STREAM`. Default 100. */
  readonly maxStreamsPerConnection?: number
}

/** The limits with every default filled in. */
export type CheckedLimits = Required<ServeLimits>

const NAMES = [
  'headTimeoutMs',
  'requestTimeoutMs',
  'keepAliveMs',
  'maxHeadBytes',
  'maxConnections',
  'maxStreamsPerConnection',
] as const satisfies readonly (keyof ServeLimits)[]

/**
 * Checks the limits and fills in the defaults.
 *
 * @throws StickyError `invalid-option`
 */
export function checkLimits(limits: ServeLimits): CheckedLimits {
  optionsObject('serve.limits', limits, NAMES)
  const { headTimeoutMs = 20_000, requestTimeoutMs = 300_000, keepAliveMs = 75_000 } = limits
  // Whole milliseconds: node takes nothing else.
  const duration = (name: keyof ServeLimits, value: number, least: number, never: 'finite' | 'or-never') =>
    Math.ceil(durationOption(`serve.limits.${name}`, value, least, never))
  const integer = (name: keyof ServeLimits, byDefault: () => number, min: number, max: number) =>
    integerOption(`serve.limits.${name}`, limits[name] ?? byDefault(), min, max)
  const checkedHeadMs = duration('headTimeoutMs', headTimeoutMs, 1, 'finite')
  return {
    headTimeoutMs: checkedHeadMs,
    requestTimeoutMs: duration('requestTimeoutMs', requestTimeoutMs, checkedHeadMs, 'or-never'),
    keepAliveMs: duration('keepAliveMs', keepAliveMs, 1, 'finite'),
    maxHeadBytes: integer('maxHeadBytes', () => 16_384, 1_024, 1_048_576),
    maxConnections: integer('maxConnections', defaultMaxConnections, 1, 1_000_000),
    maxStreamsPerConnection: integer('maxStreamsPerConnection', () => 100, 1, 65_535),
  }
}
