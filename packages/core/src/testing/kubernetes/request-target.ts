import type { FakeResource, Resources } from './resources.ts'

/** What a path stands for: a collection, or the object of a name in it. */
export interface RequestTarget {
  readonly resource: FakeResource
  /** Absent = of all namespaces, or outside of them. */
  readonly namespace: string | undefined
  readonly name: string | undefined
}

/**
 * Reads `/api/v1/…` and `/apis/{group}/{version}/…`, then `[namespaces/{namespace}/]{plural}[/{name}]`. Undefined = nothing is
 * served there. Sub-resources and the discovery of resources are not part of the fake.
 */
export function requestTarget(path: string, resources: Resources): RequestTarget | undefined {
  const parts = path.split('/').slice(1)
  const [group, version, rest] =
    parts[0] === 'api'
      ? ['', parts[1], parts.slice(2)]
      : parts[0] === 'apis'
        ? [parts[1], parts[2], parts.slice(3)]
        : [undefined, undefined, []]
  if (group === undefined || version === undefined || rest.includes('')) return undefined
  // `namespaces/{name}` alone is the Namespace itself.
  const inNamespace = rest[0] === 'namespaces' && rest.length > 2
  const [plural, name, ...more] = inNamespace ? rest.slice(2) : rest
  if (plural === undefined || more.length > 0) return undefined
  const resource = resources.at(group, version, plural)
  if (!resource || (inNamespace && !resource.namespaced)) return undefined
  // The objects of a resource with namespaces have names only in one of them.
  if (!inNamespace && resource.namespaced && name !== undefined) return undefined
  return { resource, namespace: inNamespace ? rest[1] : undefined, name }
}
