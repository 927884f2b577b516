/**
 * What a binding points at: the name, uid or address of an endpoint, as its discovery chose. Unique in an endpoint set.
 *
 * @public
 */
export type Identity = string

/**
 * What discovery says of an endpoint, in the words of a Kubernetes EndpointSlice.
 *
 * @public
 */
export interface Conditions {
  /** Takes new keys and every request. */
  readonly ready: boolean
  /** Answers requests, if only those of keys it already has. */
  readonly serving: boolean
  /** Is shutting down. */
  readonly terminating: boolean
}

/**
 * One pod: where a request can be sent. Immutable; an update is another object in another {@link EndpointSet}.
 *
 * @public
 */
export interface Endpoint {
  readonly identity: Identity
  /** Name or address to connect to; an IPv6 address stands without brackets. `localhost` where there is a `socketPath`. */
  readonly host: string
  /** 1 to 65535; 0 where there is a `socketPath`. */
  readonly port: number
  /** Path of the Unix socket to connect to; undefined for an endpoint of host and port. */
  readonly socketPath: string | undefined
  /** In the clear, or over TLS. */
  readonly protocol: 'http:' | 'https:'
  /** `2`: in the clear by prior knowledge (h2c), over TLS by ALPN, where the endpoint may still choose 1.1. */
  readonly httpVersion: '1.1' | '2'
  /** Share of new keys relative to the others; 0 takes no new keys and keeps those it has. */
  readonly weight: number
  readonly zone: string | undefined
  readonly conditions: Conditions
}

/**
 * An endpoint as users write it: everything but `host` and `port`, or `socketPath`, has a default.
 *
 * @public
 */
export interface EndpointInit {
  /** What bindings point at. Default: `name`, else `host:port`. Not empty, at most 253 bytes. */
  readonly identity?: Identity
  /** Name of the pod; becomes the identity unless `identity` is given. */
  readonly name?: string
  /** Needed unless there is a `socketPath`. */
  readonly host?: string
  /** Needed unless there is a `socketPath`. */
  readonly port?: number
  /** Absolute path of a Unix socket, instead of host and port: a sidecar, a local test. */
  readonly socketPath?: string
  /** Default `http:`. */
  readonly protocol?: 'http:' | 'https:'
  /** Default `1.1`. */
  readonly httpVersion?: '1.1' | '2'
  /**
   * `protocol` and `httpVersion` in the word of a Kubernetes Service port: `http`, `https`, `kubernetes.io/h2c`,
   * `kubernetes.io/ws`, `kubernetes.io/wss`, or `h2c`, `grpc` (both in the clear), `h2` (over TLS). Either of the two, where it
   * is given too, outranks it.
   */
  readonly appProtocol?: string
  /** Finite, 0 to 65535. Default 1. */
  readonly weight?: number
  readonly zone?: string
  /** Default: ready, serving, not terminating. */
  readonly conditions?: Partial<Conditions>
}
