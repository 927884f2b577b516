import { functionOption, integerOption, invalidOption, optionsObject } from '@limpet/core/adapter-kit'
import type { DrainWaitOptions } from '../drain-wait.ts'

/** The server of probes and drains, which stands apart from the one that clients reach. @public */
export interface ServeAdminOptions {
  /** Port, 0 to 65 535; 0 takes a free one. */
  readonly port: number
  /** Address to listen on. Default: every address, since the kubelet probes from the node, not from within the pod. */
  readonly host?: string
  /**
   * Path that answers 200 while requests are wanted, and 503 before endpoints are known and from the beginning of the end
   * on; `false` = none. Default `/-/ready`.
   */
  readonly readyPath?: string | false
  /** Path that answers 200 as long as the process answers at all; `false` = none. Default `/-/live`. */
  readonly livePath?: string | false
  /**
   * Whether {@link drainWait} answers at `drainPath`, and how. The routing must have `drain()`, as a pool has. Whoever
   * reaches it can drain any endpoint. Default `false`.
   */
  readonly drain?: boolean | DrainWaitOptions
  /** Path of the drains, with `?identity=` or the identity as its next segment. Default `/-/drain`. */
  readonly drainPath?: string
  /** A further condition of readiness, asked at each probe; throwing is a no. Default: none. */
  readonly isReady?: () => boolean
}

/** The options with every default filled in. */
export interface CheckedAdminOptions {
  readonly port: number
  readonly host: string | undefined
  readonly readyPath: string | undefined
  readonly livePath: string | undefined
  readonly drain: DrainWaitOptions | undefined
  readonly drainPath: string
  readonly isReady: () => boolean
}

const NAMES = [
  'port',
  'host',
  'readyPath',
  'livePath',
  'drain',
  'drainPath',
  'isReady',
] as const satisfies readonly (keyof ServeAdminOptions)[]

/**
 * Checks the options and fills in the defaults. Those of the drains are checked by `drainWait()`.
 *
 * @throws StickyError `invalid-option`
 */
export function checkAdminOptions(options: ServeAdminOptions): CheckedAdminOptions {
  optionsObject('serve.admin', options, NAMES)
  const { readyPath = '/-/ready', livePath = '/-/live', drainPath = '/-/drain', drain = false } = options
  const { isReady = () => true } = options
  return {
    port: integerOption('serve.admin.port', options.port, 0, 65_535),
    host: hostOption('serve.admin.host', options.host),
    readyPath: readyPath === false ? undefined : pathOption('serve.admin.readyPath', readyPath),
    livePath: livePath === false ? undefined : pathOption('serve.admin.livePath', livePath),
    drain: drainOption(drain),
    drainPath: pathOption('serve.admin.drainPath', drainPath),
    isReady: functionOption('serve.admin.isReady', isReady),
  }
}

/** An address or a name to listen on; undefined = every address. */
export function hostOption(path: string, host: unknown): string | undefined {
  if (host !== undefined && (typeof host !== 'string' || host === '')) {
    throw invalidOption(path, 'an address or a host name', host)
  }
  return host
}

function drainOption(drain: unknown): DrainWaitOptions | undefined {
  if (typeof drain === 'boolean') return drain ? {} : undefined
  if (typeof drain === 'object' && drain !== null) return drain
  throw invalidOption('serve.admin.drain', 'true, false or options of drainWait()', drain)
}

function pathOption(option: string, path: unknown): string {
  if (typeof path !== 'string' || !/^(?:\/[^/?#\s]+)+$/.test(path)) {
    throw invalidOption(option, 'a path such as /-/ready, without a slash at its end', path)
  }
  return path
}
