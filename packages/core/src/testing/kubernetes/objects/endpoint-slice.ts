import {
  type ObjectInit,
  type ObjectMetadata,
  objectMetadata,
  ownerReference,
  uidOf,
} from './object-metadata.ts'

/** What {@link endpointSlice} makes an EndpointSlice of. @public */
export interface EndpointSliceInit extends ObjectInit {
  /** The Service it belongs to: the label `kubernetes.io/service-name`. */
  readonly service: string
  /** Default: the service's name with an ending, always the same one. Slices of one service need names of their own. */
  readonly name?: string
  /** Default `IPv4`. */
  readonly addressType?: 'IPv4' | 'IPv6' | 'FQDN'
  /** Default none. */
  readonly endpoints?: readonly SliceEndpointInit[]
  /** A number = one port without a name. Default 8080. */
  readonly ports?: number | readonly SlicePortInit[]
}

/** One endpoint of a slice. @public */
export interface SliceEndpointInit {
  readonly address: string | readonly string[]
  /** The name of its pod: `targetRef`. Default: none, as of endpoints written by hand. */
  readonly pod?: string
  /** The uid of its pod. Default: the one that {@link pod} gives a pod of this name. */
  readonly uid?: string
  /** Default true. Without it an endpoint is neither ready nor serving. */
  readonly serving?: boolean
  /** Default false. */
  readonly terminating?: boolean
  /** Default: serving and not terminating. */
  readonly ready?: boolean
  /** In place of what the three above say: `{}` = told nothing. */
  readonly conditions?: {
    readonly ready?: boolean
    readonly serving?: boolean
    readonly terminating?: boolean
  }
  /** Told for pods of a StatefulSet. */
  readonly hostname?: string
  readonly node?: string
  readonly zone?: string
  /** Zones that are to use it (`hints.forZones`). */
  readonly forZones?: readonly string[]
  /** Nodes that are to use it (`hints.forNodes`). */
  readonly forNodes?: readonly string[]
}

/** One port of a slice. @public */
export interface SlicePortInit {
  /** Default `''`. */
  readonly name?: string
  readonly port: number
  /** Default `TCP`. */
  readonly protocol?: 'TCP' | 'UDP' | 'SCTP'
  readonly appProtocol?: string
}

/** An EndpointSlice as the endpoint slice controller writes them. @public */
export interface EndpointSliceObject {
  readonly apiVersion: 'discovery.k8s.io/v1'
  readonly kind: 'EndpointSlice'
  readonly metadata: ObjectMetadata
  readonly addressType: 'IPv4' | 'IPv6' | 'FQDN'
  /** Null where there are none: the API never leaves the field out, and writes an empty list so. */
  readonly endpoints: readonly SliceEndpointObject[] | null
  readonly ports: readonly SlicePortObject[] | null
}

/** @public */
export interface SliceEndpointObject {
  readonly addresses: readonly string[]
  readonly conditions: {
    readonly ready?: boolean
    readonly serving?: boolean
    readonly terminating?: boolean
  }
  readonly hostname?: string
  readonly nodeName?: string
  readonly zone?: string
  readonly hints?: {
    readonly forZones?: readonly { readonly name: string }[]
    readonly forNodes?: readonly { readonly name: string }[]
  }
  readonly targetRef?: {
    readonly kind: 'Pod'
    readonly namespace: string
    readonly name: string
    readonly uid: string
  }
}

/** @public */
export interface SlicePortObject {
  readonly name: string
  readonly port: number
  readonly protocol: string
  readonly appProtocol?: string
}

/** Makes an EndpointSlice with the labels, owner and conditions of a real one. The same `init` makes an equal one. @public */
export function endpointSlice(init: EndpointSliceInit): EndpointSliceObject {
  const { service, namespace = 'default', endpoints = [], ports = 8080 } = init
  const name = init.name ?? `${service}-${uidOf(service).slice(0, 5)}`
  const list: readonly SlicePortInit[] = typeof ports === 'number' ? [{ port: ports }] : ports
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      ...objectMetadata('EndpointSlice', name, init, {
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
        'kubernetes.io/service-name': service,
      }),
      generateName: `${service}-`,
      ownerReferences: [ownerReference('v1', 'Service', namespace, service)],
    },
    addressType: init.addressType ?? 'IPv4',
    endpoints:
      endpoints.length === 0 ? null : endpoints.map((endpoint) => endpointObject(endpoint, namespace)),
    ports:
      list.length === 0
        ? null
        : list.map(({ name: portName = '', protocol = 'TCP', ...port }) => ({
            name: portName,
            protocol,
            ...port,
          })),
  }
}

function endpointObject(init: SliceEndpointInit, namespace: string): SliceEndpointObject {
  const { address, pod, serving = true, terminating = false, forZones, forNodes } = init
  const { ready = serving && !terminating, hostname, node, zone } = init
  const hints = {
    ...(forZones ? { forZones: forZones.map((name) => ({ name })) } : {}),
    ...(forNodes ? { forNodes: forNodes.map((name) => ({ name })) } : {}),
  }
  return {
    addresses: typeof address === 'string' ? [address] : address,
    conditions: init.conditions ?? { ready, serving, terminating },
    ...(hostname === undefined ? {} : { hostname }),
    ...(node === undefined ? {} : { nodeName: node }),
    ...(zone === undefined ? {} : { zone }),
    ...(forZones || forNodes ? { hints } : {}),
    ...(pod === undefined
      ? {}
      : {
          targetRef: { kind: 'Pod', namespace, name: pod, uid: init.uid ?? uidOf('Pod', namespace, pod) },
        }),
  }
}
