import { StickyError } from '../../../error.ts'
import { listPath, watchPath } from './api-path.ts'
import { asStatus } from './api-status.ts'
import { JsonLines } from './json-lines.ts'
import type {
  Collection,
  KubernetesApi,
  KubernetesObject,
  ListPage,
  ListQuery,
  WatchEvent,
  WatchQuery,
} from './kubernetes-api.ts'
import { connectionError, Transport, type TransportOptions } from './transport.ts'

/** Limits of what a server may send. */
export interface ApiLimits {
  /** The longest answer to a list, in bytes. */
  readonly maxListBytes: number
  /** The longest event of a watch, in bytes. */
  readonly maxEventBytes: number
}

/** The Kubernetes API over node:https: JSON in, checked as far as anything here relies on it. */
export class HttpsApi implements KubernetesApi {
  readonly namespace?: string
  readonly #transport: Transport
  readonly #limits: ApiLimits

  constructor(transport: TransportOptions, limits: ApiLimits, namespace: string | undefined) {
    this.#transport = new Transport(transport)
    this.#limits = limits
    if (namespace !== undefined) this.namespace = namespace
  }

  async list(collection: Collection, query: ListQuery, signal: AbortSignal): Promise<ListPage> {
    const what = describe('list', collection)
    const path = listPath(collection, query)
    const text = await this.#transport.text(
      { what, path, connection: 'shared', signal },
      this.#limits.maxListBytes,
    )
    return pageOf(what, json(what, text))
  }

  async *watch(
    collection: Collection,
    query: WatchQuery,
    signal: AbortSignal,
    opened?: () => void,
  ): AsyncGenerator<WatchEvent> {
    const what = describe('watch', collection)
    const path = watchPath(collection, query)
    const response = await this.#transport.get({ what, path, connection: 'own', signal })
    opened?.()
    const lines = new JsonLines(this.#limits.maxEventBytes)
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        for (const line of lines.take(chunk)) yield eventOf(what, json(what, line))
      }
    } catch (cause) {
      if (signal.aborted) return
      throw cause instanceof StickyError ? cause : connectionError(what, cause)
    } finally {
      response.destroy()
    }
    // Half an event is no event, though it may be good JSON: a number cut short is another number.
    if (lines.isWithinLine) throw new StickyError('kubernetes', `${what}: the stream ended within an event`)
  }
}

/** What is done, in the words of an access rule. */
export function describe(verb: 'list' | 'watch', { plural, namespace }: Collection): string {
  return `${verb} ${plural} in namespace ${JSON.stringify(namespace)}`
}

function json(what: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new StickyError('kubernetes', `${what}: expected JSON from the API server, got other text`, {
      cause,
    })
  }
}

function pageOf(what: string, value: unknown): ListPage {
  const { items, metadata } = fieldsOf(value)
  const { resourceVersion, continue: next, remainingItemCount } = fieldsOf(metadata)
  // An empty list of some kinds is null: what Go makes of a slice that nobody filled.
  const list = items ?? []
  if (!Array.isArray(list) || typeof resourceVersion !== 'string' || !list.every(isObject)) {
    throw new StickyError(
      'kubernetes',
      `${what}: expected a list of objects with a resourceVersion, got other JSON`,
    )
  }
  return {
    items: list,
    resourceVersion,
    ...(typeof next === 'string' && next !== '' && { continue: next }),
    ...(typeof remainingItemCount === 'number' && { remainingItemCount }),
  }
}

function eventOf(what: string, value: unknown): WatchEvent {
  const { type, object } = fieldsOf(value)
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
    case 'BOOKMARK':
      // A bookmark has no name, only a version.
      if (isObject(object) || (type === 'BOOKMARK' && typeof fieldsOf(object).metadata === 'object')) {
        return { type, object: object as KubernetesObject }
      }
      break
    case 'ERROR': {
      const status = asStatus(object)
      if (status) return { type, object: status }
    }
  }
  throw new StickyError('kubernetes', `${what}: expected a watch event, got other JSON`)
}

function isObject(value: unknown): value is KubernetesObject {
  return typeof fieldsOf(fieldsOf(value).metadata).name === 'string'
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
