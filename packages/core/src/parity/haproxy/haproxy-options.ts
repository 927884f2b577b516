import type { ParityServer } from '../parity-scheme.ts'
import type { HaproxyHashFunction } from './string-hash.ts'

/** From what the positions of a server on the ring are counted; anything but `id` needs HAProxy 3.0, `id32` and `guid` 3.4. @public */
export type HaproxyHashKey = 'id' | 'id32' | 'addr' | 'addr-port' | 'guid'

/**
 * A server as `haproxyHash` takes it.
 *
 * @public
 */
export interface HaproxyServerInit {
  /** What stands behind `server`. Unique in the backend. */
  readonly name: string
  /** `id`, from 1 to 4294967295, unique in the backend. By default HAProxy numbers the servers, see `HaproxyServer.id`. */
  readonly id?: number | undefined
  /** An IP address, the path of a Unix socket, or a host name. Hashed only with the hash keys `addr` and `addr-port`, which need an IP address or a path. */
  readonly address?: string | undefined
  /** From 0 to 65535. Default 0: HAProxy takes the port that the client connected to. */
  readonly port?: number | undefined
  /** From 0, which takes no keys, to 256. Default 1. */
  readonly weight?: number | undefined
  /** Takes keys only when no server without it is usable. Default false. */
  readonly backup?: boolean | undefined
  /** Down until an operator enables it. Default false. */
  readonly disabled?: boolean | undefined
  /** `guid` (HAProxy 3.0 and later): letters, digits, `-`, `_` and `:`, 127 at most. */
  readonly guid?: string | undefined
  /** `hash-key` of this server. Default: that of the options. */
  readonly hashKey?: HaproxyHashKey | undefined
}

/**
 * A backend of HAProxy that balances by a hash, in HAProxy's words.
 *
 * @public
 */
export interface HaproxyHashOptions {
  /** In the order of the config, which automatic ids and ties depend on; 10,000 at most. */
  readonly servers: readonly HaproxyServerInit[]
  /**
   * What stands behind `balance`: `hdr(<name>)`, `hash req.hdr(<name>[,<number>])`, `hash req.fhdr(<name>[,<number>])`, `source` or
   * `hash src`. Other methods are refused with the reason.
   */
  readonly balance: string
  /** First word behind `hash-type`. Default `map-based`, as in HAProxy. */
  readonly hashType?: 'map-based' | 'consistent' | undefined
  /** Second word behind `hash-type`. Default: none there, which is sdbm. */
  readonly fn?: HaproxyHashFunction | undefined
  /**
   * Third word behind `hash-type`. Default as in HAProxy: true for `consistent` without a function, false for `map-based` and wherever a
   * function is named, even sdbm.
   */
  readonly avalanche?: boolean | undefined
  /** `hash-key` of the servers that have none of their own. Default `id`. */
  readonly hashKey?: HaproxyHashKey | undefined
  /**
   * Where the hash key `id` puts a server on the ring. Default `classic`: up to 2.9, from 3.3 on, and in the maintenance releases of
   * 3.0, 3.1 and 3.2 since October 2025. `3.0-regression`: 3.0, 3.1 and 3.2 before.
   */
  readonly idMode?: 'classic' | '3.0-regression' | undefined
  /** `option allbackups`. Default false: without active servers, the first usable backup takes all keys. */
  readonly allBackups?: boolean | undefined
  /** `retries`: attempts after the first one, from 0 to 1,000. Default 3. */
  readonly retries?: number | undefined
  /**
   * `option redispatch`: after which failed attempts another server is tried: every one of so many, or, negative, counted from the last
   * retry back; true is -1, the last retry alone. Default false: all attempts go to one server.
   */
  readonly redispatch?: boolean | number | undefined
}

/**
 * A server of a HAProxy backend.
 *
 * @public
 */
export interface HaproxyServer extends ParityServer {
  /**
   * The numeric id in force. HAProxy counts from 1 over the servers in their order, those with an id of their own too, and past every
   * id that is given somewhere.
   */
  readonly id: number
  readonly weight: number
  readonly isBackup: boolean
  readonly isDisabled: boolean
}
