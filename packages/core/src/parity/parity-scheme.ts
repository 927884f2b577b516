import type { RequestLike } from '../key/request-like.ts'

/** A server as a proxy's config has it. @public */
export interface ParityServer {
  /** What the config calls it: the text behind nginx's `server`, the name behind HAProxy's, Envoy's hash key. Unique in its scheme. */
  readonly name: string
  /** Where it listens, as `host:port`, `[v6]:port` or `unix:/path`; undefined where the config does not say. */
  readonly address: string | undefined
}

/**
 * The mapping of one proxy under one config, to the byte: immutable, without a pool, the same in every process. Every method
 * answers at once and never throws for a key of any bytes.
 *
 * @public
 */
export interface ParityScheme<Server extends ParityServer = ParityServer> {
  /** Stands in routes and errors: `nginx hash consistent`, `haproxy map-based`, `envoy maglev` … */
  readonly name: string
  /** In the order of the config, those that take no keys included. */
  readonly servers: readonly Server[]
  /**
   * Names in lower case of the headers that `key` reads; what the gateway must not take from a request before it is routed.
   */
  readonly keyHeaders: readonly string[]
  /**
   * The bytes that this proxy would cut from the request; undefined where it would not hash, but balance by other means. A text
   * in the request is taken as latin1, which is what Node makes of the wire's bytes.
   */
  key(request: RequestLike): Uint8Array | undefined
  /** The server that the proxy sends these bytes to; undefined if it would balance by other means, or has nobody. */
  pick(key: Uint8Array): Server | undefined
  /**
   * The servers in the order in which the proxy tries them while connections fail, beginning with `pick`. It may name one
   * server more than once where the proxy does, and ends where the proxy gives up or goes on by other means; it always ends.
   */
  attempts(key: Uint8Array): IterableIterator<Server>
  /**
   * The scheme while the proxy's own health checks, or its operator, have the servers with these names down, besides those that the config
   * has down. Names that are not there are ignored; no name at all answers the scheme itself.
   */
  without(down: ReadonlySet<string>): ParityScheme<Server>
}
