/**
 * What happens to a pool, told as Kubernetes does it. Each is one step or several: a step is a new set of endpoints, which every
 * binding is held against.
 *
 * @public
 */
export type Change =
  | ScaleChange
  | AddChange
  | RemoveChange
  | WeightChange
  | RestartChange
  | RollingUpdateChange

/**
 * Another number of pods, in one step. A StatefulSet adds the next ordinals and removes the last endpoints; of a Deployment come new names,
 * and go any, drawn by `seed`.
 *
 * @public
 */
export interface ScaleChange {
  readonly kind: 'scale'
  /** Endpoints afterwards, 0 to 5 000. */
  readonly to: number
  /** Weight of those that come. Default: the one that all endpoints of the pool have, 1 if they differ or there are none. */
  readonly weight?: number
}

/** Endpoints come, in one step. @public */
export interface AddChange {
  readonly kind: 'add'
  /** At least one, not in the pool. One that was there before has its place in the order again. */
  readonly endpoints: readonly SimulatedEndpointInit[]
}

/** Endpoints go for good, in one step. @public */
export interface RemoveChange {
  readonly kind: 'remove'
  /** Identities of endpoints of the pool, at least one. */
  readonly endpoints: readonly string[]
}

/** One endpoint has another weight, in one step. @public */
export interface WeightChange {
  readonly kind: 'weight'
  /** Identity of an endpoint of the pool. */
  readonly endpoint: string
  /** From 0 to 65 535. */
  readonly weight: number
}

/**
 * Each pod goes and comes back, in two steps each; with a new address, and of a Deployment with a new name, too. A StatefulSet begins
 * at the last, as its rolling update does.
 *
 * @public
 */
export interface RestartChange {
  readonly kind: 'restart'
  /** Identities of those that are restarted. Default all. */
  readonly endpoints?: readonly string[]
  /** Pods that are away at a time, from 1; a StatefulSet's `maxUnavailable`. Default 1. */
  readonly atOnce?: number
}

/**
 * The rolling update of a Deployment: new pods, with new names and addresses, take the place of all that are there.
 *
 * @public
 */
export interface RollingUpdateChange {
  readonly kind: 'rolling-update'
  /** Pods above the wanted number, from 0. Default 1. */
  readonly maxSurge?: number
  /** Pods below the wanted number, from 0; one of the two must be above 0. Default 0. */
  readonly maxUnavailable?: number
}

/** An endpoint as users of `simulate()` write it. @public */
export interface SimulatedEndpointInit {
  /** What bindings point at: the pod's name. Any text of characters up to 0xFF, at most 253. */
  readonly identity: string
  /** From 0 to 65 535. Default 1. */
  readonly weight?: number
  /** IPv4 address or name; at most 253 characters. Default: an address of 10.0.0.0/8, another one after each restart. */
  readonly host?: string
  /** 1 to 65 535. Default 8080. */
  readonly port?: number
}

/** An endpoint as mappings see it. @public */
export interface SimulatedEndpoint {
  /** The pod's name; a StatefulSet's stays through a restart. */
  readonly identity: string
  readonly weight: number
  /** Another one after each restart. */
  readonly host: string
  readonly port: number
  /** `host:port`. */
  readonly address: string
}
