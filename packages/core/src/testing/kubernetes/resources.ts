/** A kind of object, and the path under which the API serves it. @public */
export interface FakeResource {
  /** The API group; `''` = core. */
  readonly group: string
  readonly version: string
  readonly kind: string
  /** As it stands in paths and in RBAC rules: lower case, plural. */
  readonly plural: string
  /** Whether its objects lie in namespaces. */
  readonly namespaced: boolean
}

const resource = (group: string, kind: string, plural: string, namespaced = true): FakeResource => ({
  group,
  version: 'v1',
  kind,
  plural,
  namespaced,
})

/** What every fake knows; the kinds that a gateway, its workload and its tests are made of. */
const KNOWN: readonly FakeResource[] = [
  resource('', 'Pod', 'pods'),
  resource('', 'Service', 'services'),
  resource('', 'Endpoints', 'endpoints'),
  resource('', 'ConfigMap', 'configmaps'),
  resource('', 'Secret', 'secrets'),
  resource('', 'Node', 'nodes', false),
  resource('', 'Namespace', 'namespaces', false),
  resource('discovery.k8s.io', 'EndpointSlice', 'endpointslices'),
  resource('apps', 'StatefulSet', 'statefulsets'),
  resource('apps', 'Deployment', 'deployments'),
  resource('apps', 'ReplicaSet', 'replicasets'),
  resource('coordination.k8s.io', 'Lease', 'leases'),
]

/** The resources of one server. */
export class Resources {
  readonly #all: readonly FakeResource[]

  constructor(more: readonly FakeResource[]) {
    this.#all = [...more, ...KNOWN]
  }

  /** The resource of objects with this `kind`, and `apiVersion` where it is given. */
  ofKind(kind: string, apiVersion?: string): FakeResource | undefined {
    return this.#all.find(
      (known) => known.kind === kind && (apiVersion === undefined || apiVersionOf(known) === apiVersion),
    )
  }

  at(group: string, version: string, plural: string): FakeResource | undefined {
    return this.#all.find(
      (known) => known.group === group && known.version === version && known.plural === plural,
    )
  }
}

/** `v1`, or `discovery.k8s.io/v1`. */
export function apiVersionOf({ group, version }: FakeResource): string {
  return group === '' ? version : `${group}/${version}`
}

/** How errors name a resource: `pods`, or `endpointslices.discovery.k8s.io`. */
export function qualifiedName({ group, plural }: FakeResource): string {
  return group === '' ? plural : `${plural}.${group}`
}
