import type { Collection, ListQuery, WatchQuery } from './kubernetes-api.ts'

/** Path and query of a LIST. */
export function listPath(collection: Collection, query: ListQuery): string {
  return withQuery(collection, { ...query })
}

/** Path and query of a WATCH. */
export function watchPath(collection: Collection, query: WatchQuery): string {
  return withQuery(collection, { watch: '1', ...query })
}

/** The collection without its selectors, as an audit log would name it: for messages. */
export function collectionPath({ group, version, namespace, plural }: Collection): string {
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
  return `${root}/namespaces/${encodeURIComponent(namespace)}/${plural}`
}

function withQuery(collection: Collection, query: Readonly<Record<string, unknown>>): string {
  const { labelSelector, fieldSelector } = collection
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries({ labelSelector, fieldSelector, ...query })) {
    if (value !== undefined) parameters.set(name, String(value))
  }
  return `${collectionPath(collection)}?${parameters}`
}
