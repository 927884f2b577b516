/**
 * An EndpointSlice of `discovery.k8s.io/v1`, with the fields that are read here. Optional fields may be `null` on the wire, which
 * is as if they were missing.
 *
 * @public
 */
export interface EndpointSlice {
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    /** `kubernetes.io/service-name` says which Service the slice belongs to. */
    readonly labels?: Readonly<Record<string, string>> | null
  }
  readonly addressType: string
  readonly endpoints?: readonly SliceEndpoint[] | null
  readonly ports?: readonly SlicePort[] | null
}

/** One endpoint of an {@link EndpointSlice}. @public */
export interface SliceEndpoint {
  /** 1 to 100; only the first is used, as kube-proxy does (kubernetes#106267). */
  readonly addresses: readonly string[]
  readonly conditions?: {
    /** Missing = true. */
    readonly ready?: boolean | null
    /** Missing = true. */
    readonly serving?: boolean | null
    /** Missing = false. */
    readonly terminating?: boolean | null
  } | null
  /** Name of the host as the pod says it; for pods of a StatefulSet, the name of the pod. */
  readonly hostname?: string | null
  readonly nodeName?: string | null
  readonly zone?: string | null
  readonly hints?: {
    readonly forZones?: readonly { readonly name: string }[] | null
    readonly forNodes?: readonly { readonly name: string }[] | null
  } | null
  /** The object behind the endpoint: a Pod, as a rule. */
  readonly targetRef?: {
    readonly kind?: string
    readonly name?: string
    readonly uid?: string
  } | null
}

/** A port that every endpoint of an {@link EndpointSlice} has. @public */
export interface SlicePort {
  /** `''` for a port without a name. */
  readonly name?: string | null
  readonly port?: number | null
  /** Missing = `TCP`. */
  readonly protocol?: string | null
  readonly appProtocol?: string | null
}

/** A Pod, with the fields that a weight may depend on. @public */
export interface KubernetesPod {
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly uid?: string
    readonly labels?: Readonly<Record<string, string>> | null
    readonly annotations?: Readonly<Record<string, string>> | null
  }
}
