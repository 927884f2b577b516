import { createSecureContext, type TlsOptions } from 'node:tls'
import { type Clock, StickyError, systemClock } from '@limpet/core'
import {
  choiceOption,
  contractOption,
  durationOption,
  integerOption,
  invalidOption,
  optionsObject,
} from '@limpet/core/adapter-kit'
import { DEFAULT_GRACE_MS } from '../close-deadline.ts'
import type { ForwardOptions } from '../options.ts'
import {
  type CheckedAdminOptions,
  checkAdminOptions,
  hostOption,
  type ServeAdminOptions,
} from './admin-options.ts'
import { type CheckedLimits, checkLimits, type ServeLimits } from './limits.ts'

/** Options of `serve()`. @public */
export interface ServeOptions {
  /** Port, 0 to 65 535; 0 takes a free one. Default 8080, with `tls` 8443. */
  readonly port?: number
  /** Address to listen on. Default: every address. */
  readonly host?: string
  /** Certificate, key and what else `tls.createServer` takes: clients then speak TLS. Default: none, plain HTTP/1.1. */
  readonly tls?: TlsOptions
  /**
   * Whether HTTP/2 is offered beside HTTP/1.1, by ALPN (RFC 7301). Needs `tls`: over plain TCP HTTP/2 is never spoken.
   * Default `true` with `tls`.
   */
  readonly http2?: boolean
  /** Options of the `forward()` behind it. Default: those of `forward()`. */
  readonly forward?: ForwardOptions
  /** The server of probes and drains, on a port of its own. Default: none. */
  readonly admin?: ServeAdminOptions
  /** Signals of the process that begin the end; a second one cuts at once. `false` = none. Default SIGTERM and SIGINT. */
  readonly signals?: readonly NodeJS.Signals[] | false
  /**
   * How long requests are still accepted after the end has begun, in milliseconds, so that load balancers notice that
   * readiness has gone; 0 = not at all. In its second half answers end their connections. Default 5 000.
   */
  readonly readinessDelayMs?: number
  /**
   * What has not ended this long after that is cut, in milliseconds; `Infinity` never. With `readinessDelayMs` in sum below
   * the pod's `terminationGracePeriodSeconds`. Default 20 000.
   */
  readonly graceMs?: number
  /** Whether the routing is closed too when everything has ended. Default `false`: it belongs to whoever made it. */
  readonly closeRouting?: boolean
  /** What clients may take. */
  readonly limits?: ServeLimits
  /** Of `forward()` and `drainWait()` too, where they are given none. Default: the clock of this process. */
  readonly clock?: Clock
}

/** The options with every default filled in. */
export interface CheckedServeOptions {
  readonly port: number
  readonly host: string | undefined
  readonly tls: TlsOptions | undefined
  readonly http2: boolean
  readonly forward: ForwardOptions
  readonly admin: CheckedAdminOptions | undefined
  readonly signals: readonly NodeJS.Signals[]
  readonly readinessDelayMs: number
  readonly graceMs: number
  readonly closeRouting: boolean
  readonly limits: CheckedLimits
  readonly clock: Clock
}

const NAMES = [
  'port',
  'host',
  'tls',
  'http2',
  'forward',
  'admin',
  'signals',
  'readinessDelayMs',
  'graceMs',
  'closeRouting',
  'limits',
  'clock',
] as const satisfies readonly (keyof ServeOptions)[]

/**
 * Checks the options and fills in the defaults. Those of `forward()` are checked there.
 *
 * @throws StickyError `invalid-option`
 */
export function checkServeOptions(options: ServeOptions): CheckedServeOptions {
  optionsObject('serve', options, NAMES)
  const { tls, http2 = tls !== undefined, closeRouting = false, clock = systemClock } = options
  const { readinessDelayMs = 5_000, graceMs = DEFAULT_GRACE_MS } = options
  choiceOption('serve.http2', String(http2), ['true', 'false'])
  if (http2 && tls === undefined) throw invalidOption('serve.http2', 'false without "serve.tls"', http2)
  choiceOption('serve.closeRouting', String(closeRouting), ['true', 'false'])
  return {
    port: integerOption('serve.port', options.port ?? (tls ? 8_443 : 8_080), 0, 65_535),
    host: hostOption('serve.host', options.host),
    tls: tls === undefined ? undefined : tlsOption('serve.tls', tls),
    http2,
    forward: {
      clock,
      ...(options.forward && contractOption('serve.forward', options.forward, 'ForwardOptions object', [])),
    },
    admin: options.admin && checkAdminOptions(options.admin),
    signals: signalsOption(options.signals ?? ['SIGTERM', 'SIGINT']),
    readinessDelayMs: durationOption('serve.readinessDelayMs', readinessDelayMs, 0, 'finite'),
    graceMs: durationOption('serve.graceMs', graceMs, 0, 'or-never'),
    closeRouting,
    limits: checkLimits(options.limits ?? {}),
    clock: contractOption('serve.clock', clock, 'Clock', ['now', 'after']),
  }
}

/**
 * A certificate and key that TLS can be spoken with. A broken one must be told where it is given, not as a failed
 * handshake of each client.
 *
 * @throws StickyError `invalid-option`
 */
export function tlsOption(path: string, tls: TlsOptions): TlsOptions {
  contractOption(path, tls, 'tls.TlsOptions object', [])
  try {
    createSecureContext(tls)
  } catch (cause) {
    // OpenSSL names what it could not read, never its bytes.
    throw new StickyError('invalid-option', `option "${path}": ${(cause as Error).message}`, { cause })
  }
  return tls
}

function signalsOption(signals: unknown): readonly NodeJS.Signals[] {
  if (signals === false) return []
  if (!Array.isArray(signals) || !signals.every((name) => /^SIG[A-Z0-9]+$/.test(String(name)))) {
    throw invalidOption('serve.signals', "false or names such as 'SIGTERM'", signals)
  }
  return [...new Set(signals)]
}
