import {
  MADE_AT,
  type ObjectInit,
  type ObjectMetadata,
  objectMetadata,
  ownerReference,
} from './object-metadata.ts'

/** What {@link pod} makes a Pod of. @public */
export interface PodInit extends ObjectInit {
  readonly name: string
  /** Default `10.244.0.10`. */
  readonly ip?: string
  /** Default `node-1`. */
  readonly node?: string
  /** The StatefulSet it belongs to: its ordinal is the end of its name. Default: none. */
  readonly statefulSet?: string
  /** Default true. */
  readonly ready?: boolean
  /** Whether it has been told to end. Default false. */
  readonly terminating?: boolean
  /** The port of its container, by the name `http`. Default 8080. */
  readonly port?: number
}

/** A Pod with what the scheduler and the kubelet fill in. @public */
export interface PodObject {
  readonly apiVersion: 'v1'
  readonly kind: 'Pod'
  readonly metadata: ObjectMetadata
  readonly spec: {
    readonly nodeName: string
    readonly hostname?: string
    readonly restartPolicy: 'Always'
    readonly serviceAccountName: 'default'
    readonly terminationGracePeriodSeconds: 30
    readonly containers: readonly {
      readonly name: string
      readonly image: string
      readonly ports: readonly {
        readonly name: string
        readonly containerPort: number
        readonly protocol: 'TCP'
      }[]
    }[]
  }
  readonly status: {
    readonly phase: 'Running'
    readonly conditions: readonly {
      readonly type: string
      readonly status: 'True' | 'False'
      readonly lastTransitionTime: string
    }[]
    readonly podIP: string
    readonly podIPs: readonly { readonly ip: string }[]
    readonly startTime: string
  }
}

/**
 * Makes a running Pod. The same `init` makes an equal one, with the same `uid`: a pod that was restarted under its name is another object, so
 * give it a `uid` of its own.
 *
 * @public
 */
export function pod(init: PodInit): PodObject {
  const { name, namespace = 'default', ip = '10.244.0.10', node = 'node-1', statefulSet, ready = true } = init
  const condition = (type: string, holds: boolean) =>
    ({ type, status: holds ? 'True' : 'False', lastTransitionTime: MADE_AT }) as const
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...objectMetadata('Pod', name, init, labelsOf(name, statefulSet)),
      ...(statefulSet === undefined
        ? {}
        : {
            generateName: `${statefulSet}-`,
            ownerReferences: [ownerReference('apps/v1', 'StatefulSet', namespace, statefulSet)],
          }),
      ...(init.terminating
        ? { deletionTimestamp: '2026-01-01T00:01:00Z', deletionGracePeriodSeconds: 30 }
        : {}),
    },
    spec: {
      nodeName: node,
      ...(statefulSet === undefined ? {} : { hostname: name }),
      restartPolicy: 'Always',
      serviceAccountName: 'default',
      terminationGracePeriodSeconds: 30,
      containers: [
        {
          name: 'app',
          image: 'registry.example/app:1',
          ports: [{ name: 'http', containerPort: init.port ?? 8080, protocol: 'TCP' }],
        },
      ],
    },
    status: {
      phase: 'Running',
      conditions: [
        condition('Initialized', true),
        condition('Ready', ready),
        condition('ContainersReady', ready),
        condition('PodScheduled', true),
      ],
      podIP: ip,
      podIPs: [{ ip }],
      startTime: MADE_AT,
    },
  }
}

function labelsOf(name: string, statefulSet: string | undefined): Readonly<Record<string, string>> {
  const ordinal = /-(\d+)$/.exec(name)?.[1]
  if (statefulSet === undefined || ordinal === undefined)
    return { app: statefulSet ?? name.replace(/-[^-]*$/, '') }
  return {
    app: statefulSet,
    'apps.kubernetes.io/pod-index': ordinal,
    'statefulset.kubernetes.io/pod-name': name,
  }
}
