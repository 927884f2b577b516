import { StickyError } from '../../../error.ts'
import type { Collection, KubernetesApi, KubernetesObject, ListPage } from './kubernetes-api.ts'
import { failureOf } from './watch-failure.ts'

/** What a collection held at one version. */
export interface WholeList {
  readonly items: readonly KubernetesObject[]
  readonly resourceVersion: string
}

/** A server that names another page after so many does not come to an end. */
const MAX_PAGES = 10_000

/**
 * The whole collection, page by page. No version is named, so that it is the newest: one from a cache could be older than
 * what is known already. Where the pages' version expires under way, all is asked for at once, as client-go's pager does.
 */
export async function listAll(
  api: KubernetesApi,
  collection: Collection,
  limit: number,
  signal: AbortSignal,
): Promise<WholeList> {
  try {
    return await pages(api, collection, limit, signal)
  } catch (error) {
    if (failureOf('list', collection, error).kind !== 'expired') throw error
    return await pages(api, collection, undefined, signal)
  }
}

async function pages(
  api: KubernetesApi,
  collection: Collection,
  limit: number | undefined,
  signal: AbortSignal,
): Promise<WholeList> {
  const items: KubernetesObject[] = []
  let next: string | undefined
  for (let page = 0; page < MAX_PAGES; page++) {
    const query = { ...(limit !== undefined && { limit }), ...(next !== undefined && { continue: next }) }
    const answer: ListPage = await api.list(collection, query, signal)
    for (const item of answer.items) items.push(item)
    if (answer.continue === undefined) return { items, resourceVersion: answer.resourceVersion }
    next = answer.continue
  }
  throw new StickyError(
    'kubernetes',
    `list ${collection.plural}: expected at most ${MAX_PAGES} pages, got more`,
  )
}
