import type { ParityScheme } from '../parity-scheme.ts'
import { backendOf } from './backend-options.ts'
import { parseBackend } from './config/parse.ts'
import type { HaproxyParseOptions } from './config/parse-options.ts'
import type { HaproxyHashOptions, HaproxyServer } from './haproxy-options.ts'
import { HaproxyScheme } from './haproxy-scheme.ts'

/**
 * Where a HAProxy sends requests that it balances by a hash: `hash-type consistent` and `map-based`, of HAProxy 1.6 to 3.5, on
 * little-endian machines. Learned from HAProxy's documentation and source (backend.c, lb_chash.c, lb_map.c), and checked against answers
 * of HAProxy 2.6, 3.2 and 3.4.
 *
 * @public
 */
export interface HaproxyHash {
  /** The mapping of a backend. @throws StickyError `invalid-option`, naming the option */
  (options: HaproxyHashOptions): ParityScheme<HaproxyServer>
  /**
   * Reads the config text of one `backend` or `listen` section, or of a whole file of which `options.backend` chooses one, with the
   * `defaults` that apply; up to 4 MiB, and 262 144 lines.
   *
   * @throws StickyError `proxy-config` with the line and the reason if the text is broken, or HAProxy's choice does not follow from it and
   * the request alone; `invalid-option`
   */
  parse(text: string, options?: HaproxyParseOptions): ParityScheme<HaproxyServer>
}

/** See {@link HaproxyHash}. @public */
export const haproxyHash: HaproxyHash = Object.assign(
  (options: HaproxyHashOptions): ParityScheme<HaproxyServer> => new HaproxyScheme(backendOf(options)),
  {
    parse: (text: string, options?: HaproxyParseOptions): ParityScheme<HaproxyServer> =>
      new HaproxyScheme(backendOf(parseBackend(text, options))),
  },
)
