import type {
  KubernetesApi,
  KubernetesObject,
  KubernetesStatus,
  ListPage,
  ListQuery,
  WatchEvent,
  WatchQuery,
} from '../../src/discovery/kubernetes/api/kubernetes-api.ts'

/** A watch of a {@link ScriptedApi} that has not ended. */
export interface ScriptedWatch {
  readonly query: WatchQuery
  readonly send: (event: WatchEvent) => void
  readonly end: () => void
  readonly fail: (error: unknown) => void
}

/** A Kubernetes API whose every answer the test gives, without a socket. */
export class ScriptedApi implements KubernetesApi {
  /** Queries in order: lists and watches. */
  readonly asked: (
    | { readonly verb: 'list'; readonly query: ListQuery }
    | { readonly verb: 'watch'; readonly query: WatchQuery }
  )[] = []
  readonly open: ScriptedWatch[] = []
  /** Answers a list; throws what it fails with. */
  onList: (query: ListQuery) => ListPage = () => ({ items: [], resourceVersion: '1' })
  /** Says whether a watch is accepted: throws what it fails with. */
  onWatch: (query: WatchQuery) => void = () => undefined

  async list(_collection: unknown, query: ListQuery): Promise<ListPage> {
    this.asked.push({ verb: 'list', query })
    return this.onList(query)
  }

  async *watch(
    _collection: unknown,
    query: WatchQuery,
    signal: AbortSignal,
    opened?: () => void,
  ): AsyncGenerator<WatchEvent> {
    this.asked.push({ verb: 'watch', query })
    this.onWatch(query)
    opened?.()
    const queue: (() => WatchEvent | undefined)[] = []
    let wake = (): void => undefined
    const push = (next: () => WatchEvent | undefined) => {
      queue.push(next)
      wake()
    }
    const watch: ScriptedWatch = {
      query,
      send: (event) => push(() => event),
      end: () => push(() => undefined),
      fail: (error) =>
        push(() => {
          throw error
        }),
    }
    const abort = () => wake()
    signal.addEventListener('abort', abort)
    this.open.push(watch)
    try {
      while (!signal.aborted) {
        const next = queue.shift()
        if (!next) {
          await new Promise<void>((resolve) => {
            wake = resolve
          })
          continue
        }
        const event = next()
        if (!event) return
        yield event
      }
    } finally {
      signal.removeEventListener('abort', abort)
      this.open.splice(this.open.indexOf(watch), 1)
    }
  }

  get verbs(): string[] {
    return this.asked.map(({ verb, query }) => ('sendInitialEvents' in query ? 'watch-list' : verb))
  }
}

export function named(name: string, resourceVersion: string): KubernetesObject {
  return { metadata: { name, namespace: 'default', resourceVersion } }
}

/** A failure as the API rejects with. */
export function refusal(code: number, more: Partial<KubernetesStatus> = {}): Error {
  return new Error(`answered ${code}`, { cause: { kind: 'Status', code, ...more } })
}

export const INITIAL_EVENTS_END: Readonly<Record<string, string>> = { 'k8s.io/initial-events-end': 'true' }

export function bookmark(
  resourceVersion: string,
  annotations: Readonly<Record<string, string>> = {},
): WatchEvent {
  return { type: 'BOOKMARK', object: { metadata: { name: '', resourceVersion, annotations } } }
}
