import type { StoredObject } from './kubernetes-object.ts'
import type { ListQuery } from './list-query.ts'
import type { ObjectStore } from './object-store.ts'
import type { RequestTarget } from './request-target.ts'
import { apiVersionOf } from './resources.ts'
import { badRequest, continueExpired, expired, type StatusObject, tooLargeVersion } from './status.ts'

/** Where a list goes on: at the first key that is not smaller than `start`, in the state of `revision`; -1 = the present one. */
interface ContinueToken {
  readonly v: 'meta.k8s.io/v1'
  readonly rv: number
  readonly start: string
}

/** The list that a query asks for, or why there is none. Items lack `kind` and `apiVersion`, as those of the real server do. */
export function listAnswer(
  store: ObjectStore,
  target: RequestTarget,
  query: ListQuery,
): object | StatusObject {
  const from = startOf(store, query)
  if ('kind' in from) return from
  const { resource, namespace } = target
  const keys = store
    .at(resource, from.revision)
    .filter(
      ([key, object]) =>
        key >= from.start && (namespace === undefined || object.metadata.namespace === namespace),
    )

  // Lists of "any" version come out of the watch cache, which knows no pages.
  const limit = query.resourceVersion === '0' || query.limit === 0 ? keys.length : query.limit
  const items: object[] = []
  let read = 0
  for (const [, object] of keys) {
    if (items.length === limit) break
    read++
    if (query.selects(object)) items.push(bare(object))
  }
  const left = keys.length - read
  const next: ContinueToken = { v: 'meta.k8s.io/v1', rv: from.revision, start: `${keys[read - 1]?.[0]}\0` }
  return {
    kind: `${resource.kind}List`,
    apiVersion: apiVersionOf(resource),
    metadata: {
      resourceVersion: String(from.revision),
      // What is left may contain nothing that the selector takes: the last page can be empty.
      ...(left > 0 ? { continue: tokenText(next) } : {}),
      // The real server counts keys, so it tells no count where a selector would make it wrong.
      ...(left > 0 && !query.hasSelector ? { remainingItemCount: left } : {}),
    },
    items,
  }
}

/** The state to show, and the key to begin at. */
function startOf(store: ObjectStore, query: ListQuery): { revision: number; start: string } | StatusObject {
  const { revision } = store
  if (query.continue !== '') return continued(store, query)
  const { resourceVersion, match } = query
  if (resourceVersion === '' || resourceVersion === '0') return { revision, start: '' }
  const requested = Number(resourceVersion)
  if (requested > revision) return tooLargeVersion(resourceVersion, revision)
  // Without a match, a limit makes the version an exact one (API concepts, "Semantics for get and list").
  const exact = match === 'Exact' || (match === '' && query.limit > 0)
  if (!exact) return { revision, start: '' }
  if (requested < store.compacted) return expired('The resourceVersion for the provided list is too old.')
  return { revision: requested, start: '' }
}

function continued(store: ObjectStore, query: ListQuery): { revision: number; start: string } | StatusObject {
  if (query.resourceVersion !== '' && query.resourceVersion !== '0') {
    return badRequest('specifying resource version is not allowed when using continue')
  }
  const token = readToken(query.continue)
  if (!token) return badRequest('invalid continue token: continue key is not valid')
  if (token.rv === -1) return { revision: store.revision, start: token.start }
  if (token.rv > store.revision) return tooLargeVersion(String(token.rv), store.revision)
  if (token.rv < store.compacted) return continueExpired(tokenText({ ...token, rv: -1 }))
  return { revision: token.rv, start: token.start }
}

function tokenText(token: ContinueToken): string {
  return Buffer.from(JSON.stringify(token)).toString('base64url')
}

function readToken(text: string): ContinueToken | undefined {
  try {
    const token = JSON.parse(Buffer.from(text, 'base64url').toString()) as Partial<ContinueToken> | null
    const isValid =
      token?.v === 'meta.k8s.io/v1' && Number.isInteger(token.rv) && typeof token.start === 'string'
    return isValid ? (token as ContinueToken) : undefined
  } catch {
    return undefined
  }
}

function bare({ apiVersion: _version, kind: _kind, ...rest }: StoredObject): object {
  return rest
}
