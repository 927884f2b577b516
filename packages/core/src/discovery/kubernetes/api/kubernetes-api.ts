/** What every object of the API has, as far as it is needed here. @public */
export interface KubernetesObject {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata: KubernetesMetadata
}

/** @public */
export interface KubernetesMetadata {
  readonly name: string
  readonly namespace?: string
  readonly uid?: string
  /** Opaque: it is only ever handed back to the server. */
  readonly resourceVersion?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

/**
 * The server's own word on a request that it did not fulfil (`meta/v1` Status). A rejection of {@link KubernetesApi}
 * carries it as the error's `cause`.
 *
 * @public
 */
export interface KubernetesStatus {
  readonly kind: 'Status'
  /** The HTTP status. */
  readonly code: number
  /** A word such as `Expired`, `Forbidden`, `TooManyRequests`. */
  readonly reason?: string
  readonly message?: string
  readonly details?: {
    /** Also where the server said it in a `Retry-After` header. */
    readonly retryAfterSeconds?: number
    readonly causes?: readonly { readonly reason?: string; readonly message?: string }[]
  }
}

/** What is listed or watched: all objects of one kind in one namespace, or those that the selectors choose. @public */
export interface Collection {
  /** `''` is the core group. */
  readonly group: '' | 'discovery.k8s.io' | 'apps'
  readonly version: 'v1'
  readonly plural: 'endpointslices' | 'services' | 'pods' | 'statefulsets' | 'endpoints'
  readonly namespace: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
}

/** @public */
export interface ListQuery {
  /** Most objects in one page. */
  readonly limit?: number
  /** Where the page before ended. */
  readonly continue?: string
  readonly resourceVersion?: string
  readonly resourceVersionMatch?: 'NotOlderThan' | 'Exact'
}

/** @public */
export interface ListPage {
  readonly items: readonly KubernetesObject[]
  /** Where a watch takes up. */
  readonly resourceVersion: string
  /** There is more: for the next {@link ListQuery}. */
  readonly continue?: string
  readonly remainingItemCount?: number
}

/** @public */
export interface WatchQuery {
  /** Only what happened after it. Undefined: from now on, or from the beginning with `sendInitialEvents`. */
  readonly resourceVersion?: string
  readonly allowWatchBookmarks: boolean
  /** The server ends the watch after this. */
  readonly timeoutSeconds: number
  /** Every object that is there first, as `ADDED`, then a bookmark annotated `k8s.io/initial-events-end` (KEP-3157). */
  readonly sendInitialEvents?: boolean
  readonly resourceVersionMatch?: 'NotOlderThan'
}

/** @public */
export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly object: KubernetesObject }
  | { readonly type: 'ERROR'; readonly object: KubernetesStatus }

/**
 * A Kubernetes API as far as discovery needs it. `clusterApi()`, `inClusterApi()` and `kubeConfigApi()` make one; so can you.
 *
 * Whoever calls does all the waiting and trying again: a call is made once. It rejects with an error whose `cause` is the
 * {@link KubernetesStatus}, where the server gave one; the errors of `@kubernetes/client-node` (a number `code` or
 * `statusCode`) are understood too. Any other rejection counts as a lost connection.
 *
 * @public
 */
export interface KubernetesApi {
  /** The namespace that is meant where none is named; undefined = none is. */
  readonly namespace?: string
  /** One page of the collection. Rejects when `signal` aborts. */
  list(collection: Collection, query: ListQuery, signal: AbortSignal): Promise<ListPage>
  /**
   * The changes of the collection, each as soon as it has arrived. Ends when the server ends the watch; ends or rejects
   * when `signal` aborts, with the connection closed. `opened` is called when the server has accepted the watch.
   */
  watch(
    collection: Collection,
    query: WatchQuery,
    signal: AbortSignal,
    opened?: () => void,
  ): AsyncIterable<WatchEvent>
}
