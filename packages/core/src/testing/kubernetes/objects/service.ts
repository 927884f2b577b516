import { type ObjectInit, type ObjectMetadata, objectMetadata } from './object-metadata.ts'

/** What {@link service} makes a Service of. @public */
export interface ServiceInit extends ObjectInit {
  readonly name: string
  /** The address of the Service; `None` = headless. Default `10.96.0.10`. */
  readonly clusterIP?: string
  /** A number = one port without a name. Default 80. */
  readonly ports?: number | readonly ServicePortInit[]
  /** The labels of its pods. Default `{ app: name }`. */
  readonly selector?: Readonly<Record<string, string>>
  /** Default `None`. */
  readonly sessionAffinity?: 'None' | 'ClientIP'
  /** Of `ClientIP`, in seconds. Default 10 800, which the server fills in. */
  readonly affinityTimeoutSeconds?: number
  /** Default false. */
  readonly publishNotReadyAddresses?: boolean
  /** Default: none told. */
  readonly trafficDistribution?: 'PreferSameZone' | 'PreferSameNode' | 'PreferClose'
  /** Default `['IPv4']`. */
  readonly ipFamilies?: readonly ('IPv4' | 'IPv6')[]
}

/** One port of a Service. @public */
export interface ServicePortInit {
  readonly name?: string
  readonly port: number
  /** The port of the pods, by number or name. Default: `port`. */
  readonly targetPort?: number | string
  /** Default `TCP`. */
  readonly protocol?: 'TCP' | 'UDP' | 'SCTP'
  readonly appProtocol?: string
}

/** A Service with the fields that the server fills in. @public */
export interface ServiceObject {
  readonly apiVersion: 'v1'
  readonly kind: 'Service'
  readonly metadata: ObjectMetadata
  readonly spec: {
    readonly type: 'ClusterIP'
    readonly clusterIP: string
    readonly clusterIPs: readonly string[]
    readonly ipFamilies: readonly string[]
    readonly ipFamilyPolicy: string
    readonly internalTrafficPolicy: 'Cluster'
    readonly ports: readonly ServicePortInit[]
    readonly selector: Readonly<Record<string, string>>
    readonly sessionAffinity: 'None' | 'ClientIP'
    readonly sessionAffinityConfig?: { readonly clientIP: { readonly timeoutSeconds: number } }
    readonly publishNotReadyAddresses?: true
    readonly trafficDistribution?: string
  }
  readonly status: { readonly loadBalancer: object }
}

/** Makes a Service with the defaults of a real one. The same `init` makes an equal one. @public */
export function service(init: ServiceInit): ServiceObject {
  const { name, clusterIP = '10.96.0.10', ports = 80, ipFamilies = ['IPv4'] } = init
  const { sessionAffinity = 'None', affinityTimeoutSeconds = 10_800, trafficDistribution } = init
  const list: readonly ServicePortInit[] = typeof ports === 'number' ? [{ port: ports }] : ports
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: objectMetadata('Service', name, init, {}),
    spec: {
      type: 'ClusterIP',
      clusterIP,
      clusterIPs: [clusterIP],
      ipFamilies,
      ipFamilyPolicy: ipFamilies.length > 1 ? 'RequireDualStack' : 'SingleStack',
      internalTrafficPolicy: 'Cluster',
      ports: list.map((port) => ({ protocol: 'TCP', targetPort: port.port, ...port })),
      selector: init.selector ?? { app: name },
      sessionAffinity,
      ...(sessionAffinity === 'ClientIP'
        ? { sessionAffinityConfig: { clientIP: { timeoutSeconds: affinityTimeoutSeconds } } }
        : {}),
      ...(init.publishNotReadyAddresses ? { publishNotReadyAddresses: true } : {}),
      ...(trafficDistribution === undefined ? {} : { trafficDistribution }),
    },
    status: { loadBalancer: {} },
  }
}
