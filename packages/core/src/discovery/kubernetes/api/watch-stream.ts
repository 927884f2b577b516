import type { Clock } from '../../../clock.ts'
import { StickyError } from '../../../error.ts'
import { statusError } from './api-status.ts'
import { describe } from './https-api.ts'
import type { Collection, KubernetesApi, KubernetesObject, WatchEvent, WatchQuery } from './kubernetes-api.ts'

/** An event that is no error. */
export type ObjectEvent = Exclude<WatchEvent, { readonly type: 'ERROR' }>

/** What a {@link WatchStream} needs. */
export interface WatchStreamOptions {
  readonly api: KubernetesApi
  readonly collection: Collection
  /** Where to take up; undefined = first everything that is there (KEP-3157). */
  readonly version: string | undefined
  /** The longest time without an event, in milliseconds, where bookmarks come. */
  readonly silenceMs: number
  /** The server has sent bookmarks before. */
  readonly bookmarksCome: boolean
  readonly clock: Clock
  readonly random: () => number
  /** The server has accepted the watch, or sent something. */
  readonly heard: () => void
  /** Everything that was there first has come. */
  readonly filled: (items: readonly KubernetesObject[], version: string) => void
  readonly happened: (event: ObjectEvent) => void
}

/** The server did not tell the end of what was there first: it does not know of watch-lists, and ignored that one was asked for. */
export class InitialEventsMissing extends Error {}

const INITIAL_EVENTS_END = 'k8s.io/initial-events-end'
/** client-go's `minWatchTimeout`: the server ends a watch after a random time between this and its double. */
const MIN_WATCH_SECONDS = 300
/** How much later than the server we end a watch ourselves: it was half open. */
const GRACE_MS = 30_000
/** The longest silence while the initial events come: the server has them at hand. */
const INITIAL_SILENCE_MS = 30_000
/** The longest time for all of them: a server that ignored what was asked may tell changes for ever. A list comes in pages. */
const INITIAL_MS = 60_000

/**
 * One watch, from its request to its end.
 *
 * A half-open connection is found in three ways. The kernel asks a machine that is silent (see `Transport`). A server that
 * sends bookmarks, which is about once a minute, is not silent for `silenceMs`; that also finds a proxy in between that has
 * lost the server. And no watch outlasts its own `timeoutSeconds`.
 */
export class WatchStream {
  readonly #options: WatchStreamOptions
  readonly #closing = new AbortController()
  /** What has come of the initial events, by name; undefined once they are complete. */
  #initial: Map<string, KubernetesObject> | undefined
  #bookmarksCome: boolean
  #openedAt = 0
  #cancelSilence: () => void = () => undefined
  #silence: StickyError | InitialEventsMissing | undefined = undefined

  constructor(options: WatchStreamOptions) {
    this.#options = options
    this.#bookmarksCome = options.bookmarksCome
    this.#initial = options.version === undefined ? new Map() : undefined
  }

  /** Resolves when the server has ended the watch. Rejects with what it failed with. */
  async follow(signal: AbortSignal): Promise<void> {
    const { api, collection, clock, random } = this.#options
    const timeoutSeconds = Math.floor(MIN_WATCH_SECONDS * (1 + random()))
    const abort = () => this.#closing.abort(signal.reason)
    if (signal.aborted) return
    signal.addEventListener('abort', abort, { once: true })
    const cancelEnd = clock.after(timeoutSeconds * 1_000 + GRACE_MS, () =>
      this.#endSilent('the server did not end it in time'),
    )
    try {
      const events = api.watch(collection, this.#query(timeoutSeconds), this.#closing.signal, () =>
        this.#opened(),
      )
      for await (const event of events) {
        if (this.#closing.signal.aborted) break
        this.#take(event)
      }
    } catch (error) {
      throw this.#silence ?? error
    } finally {
      cancelEnd()
      this.#cancelSilence()
      signal.removeEventListener('abort', abort)
      this.#closing.abort()
    }
    if (this.#silence) throw this.#silence
    if (this.#initial && !signal.aborted) throw new InitialEventsMissing()
  }

  #query(timeoutSeconds: number): WatchQuery {
    const { version } = this.#options
    return version === undefined
      ? {
          allowWatchBookmarks: true,
          timeoutSeconds,
          sendInitialEvents: true,
          resourceVersionMatch: 'NotOlderThan',
        }
      : { allowWatchBookmarks: true, timeoutSeconds, resourceVersion: version }
  }

  #opened(): void {
    if (this.#closing.signal.aborted) return
    this.#openedAt = this.#options.clock.now()
    if (!this.#initial) this.#options.heard()
    this.#awaitNext()
  }

  #take(event: WatchEvent): void {
    const { collection, heard, happened, filled } = this.#options
    if (event.type === 'ERROR') throw statusError(describe('watch', collection), event.object)
    if (event.type === 'BOOKMARK') this.#bookmarksCome = true
    if (!this.#initial) {
      heard()
      happened(event)
    } else if (event.type === 'BOOKMARK') {
      const { resourceVersion = '', annotations } = event.object.metadata
      if (annotations?.[INITIAL_EVENTS_END] === 'true') {
        const items = [...this.#initial.values()]
        this.#initial = undefined
        filled(items, resourceVersion)
      }
    } else if (event.type === 'DELETED') {
      this.#initial.delete(event.object.metadata.name)
    } else {
      this.#initial.set(event.object.metadata.name, event.object)
    }
    this.#awaitNext()
  }

  /** From now on the silence is counted anew. */
  #awaitNext(): void {
    const { clock, silenceMs } = this.#options
    const leftMs = this.#openedAt + INITIAL_MS - clock.now()
    const limitMs = this.#initial ? Math.min(INITIAL_SILENCE_MS, Math.max(leftMs, 0)) : silenceMs
    this.#cancelSilence()
    if (!this.#initial && !this.#bookmarksCome) return
    this.#cancelSilence = clock.after(limitMs, () => this.#endSilent(`nothing came for ${limitMs} ms`))
  }

  #endSilent(sign: string): void {
    this.#silence = this.#initial
      ? new InitialEventsMissing()
      : new StickyError(
          'kubernetes',
          `${describe('watch', this.#options.collection)}: ${sign}, the connection counts as lost`,
        )
    this.#closing.abort(this.#silence)
  }
}
