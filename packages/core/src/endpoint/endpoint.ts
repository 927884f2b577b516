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
  /** Name or address to connect to; an IPv6 address stands without brackets. */
  readonly host: string
  /** 1 to 65535. */
  readonly port: number
  /** How to speak to the endpoint. */
  readonly protocol: 'http:' | 'https:'
  /** Share of new keys relative to the others; 0 takes no new keys and keeps those it has. */
  readonly weight: number
  readonly zone: string | undefined
  readonly conditions: Conditions
}

/**
 * An endpoint as users write it: everything but `host` and `port` has a default.
 *
 * @public
 */
export interface EndpointInit {
  /** What bindings point at. Default: `name`, else `host:port`. Not empty, at most 253 bytes. */
  readonly identity?: Identity
  /** Name of the pod; becomes the identity unless `identity` is given. */
  readonly name?: string
  readonly host: string
  readonly port: number
  /** Default `http:`. */
  readonly protocol?: 'http:' | 'https:'
  /** Finite, 0 to 65535. Default 1. */
  readonly weight?: number
  readonly zone?: string
  /** Default: ready, serving, not terminating. */
  readonly conditions?: Partial<Conditions>
}
