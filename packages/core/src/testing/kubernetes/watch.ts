import type { Clock } from '../../clock.ts'
import type { StoredObject } from './kubernetes-object.ts'
import type { ListQuery } from './list-query.ts'
import { type Change, type ObjectStore, withVersion } from './object-store.ts'
import type { RequestTarget } from './request-target.ts'
import { apiVersionOf } from './resources.ts'
import { expired, type StatusObject, tooLargeVersion } from './status.ts'
import type { Wire } from './wire.ts'

/** The real server tells where it stands this long before it ends a watch (`cache_watcher.go`, `nextBookmarkTime`). */
const BOOKMARK_BEFORE_END_MS = 2_000
/** Where the client names no end: the least of what `--min-request-timeout` gives. */
const DEFAULT_TIMEOUT_SECONDS = 1_800

/** One open watch: the state if it was asked for, then every change that its selectors let through. */
export class Watch {
  readonly target: RequestTarget
  readonly #store: ObjectStore
  readonly #query: ListQuery
  readonly #wire: Wire
  readonly #clock: Clock
  readonly #bookmarkEveryMs: number
  readonly #cancels = new Set<() => void>()
  #isOpen = true

  constructor(
    store: ObjectStore,
    target: RequestTarget,
    query: ListQuery,
    wire: Wire,
    clock: Clock,
    bookmarkEveryMs: number,
  ) {
    this.target = target
    this.#store = store
    this.#query = query
    this.#wire = wire
    this.#clock = clock
    this.#bookmarkEveryMs = bookmarkEveryMs
  }

  /** Sends the head, what the watch begins with, and from then on what happens. */
  open(): void {
    this.#wire.begin(200, {})
    const { resourceVersion, initialEvents } = this.#query
    const { revision, compacted } = this.#store
    const isAny = resourceVersion === '' || resourceVersion === '0'
    const since = Number(resourceVersion)
    if (initialEvents === true || (isAny && initialEvents === undefined)) {
      // As the real server, after the head: whoever watches must look for errors among the events.
      if (since > revision) return this.fail(tooLargeVersion(resourceVersion, revision))
      this.#sendState()
    } else if (!isAny) {
      if (since < compacted) return this.fail(expired(`too old resource version: ${since} (${compacted})`))
      for (const change of this.#store.since(this.target.resource, since)) this.#sendChange(change)
    }
    this.#cancels.add(
      this.#store.listen((change) => {
        // A watch from a version to come keeps silent until it is there.
        if (change.revision > since) this.#sendChange(change)
      }),
    )
    this.#schedule()
  }

  /** Tells the version of the store, if this watch has asked for bookmarks. */
  bookmark(): void {
    if (this.#query.bookmarks) this.#sendBookmark({})
  }

  /** Tells an error as an event and ends the watch. */
  fail(status: StatusObject): void {
    this.#send('ERROR', status)
    this.end()
  }

  /** Ends the watch as its timeout does. */
  end(): void {
    this.stop()
    this.#wire.end()
  }

  /** Sends nothing more, and leaves the connection as it is. */
  stop(): void {
    this.#isOpen = false
    for (const cancel of this.#cancels) cancel()
    this.#cancels.clear()
  }

  #sendState(): void {
    const { resource } = this.target
    for (const [, object] of this.#store.at(resource, this.#store.revision)) {
      if (this.#takes(object)) this.#send('ADDED', object)
    }
    if (this.#query.initialEvents && this.#query.bookmarks) {
      this.#sendBookmark({ annotations: { 'k8s.io/initial-events-end': 'true' } })
    }
  }

  /** A selector sees an object that begins or ceases to fit come and go (`cache_watcher.go`, `convertToWatchEvent`). */
  #sendChange({ resource, revision, previous, current }: Change): void {
    if (resource !== this.target.resource) return
    const before = previous !== undefined && this.#takes(previous)
    const now = current !== undefined && this.#takes(current)
    if (now) this.#send(before ? 'MODIFIED' : 'ADDED', current)
    else if (before) this.#send('DELETED', withVersion(previous, revision))
  }

  #takes(object: StoredObject): boolean {
    const { namespace, name } = this.target
    const { metadata } = object
    return (
      (namespace === undefined || metadata.namespace === namespace) &&
      (name === undefined || metadata.name === name) &&
      this.#query.selects(object)
    )
  }

  #sendBookmark(metadata: object): void {
    const { resource } = this.target
    const version = { resourceVersion: String(this.#store.revision), creationTimestamp: null }
    this.#send('BOOKMARK', {
      kind: resource.kind,
      apiVersion: apiVersionOf(resource),
      metadata: { ...version, ...metadata },
      // A bookmark is an empty object of the kind, and fields that are never left out are null in it.
      ...(resource.kind === 'EndpointSlice' ? { addressType: '', endpoints: null, ports: null } : {}),
    })
  }

  #send(type: string, object: object): void {
    if (this.#isOpen) this.#wire.line(JSON.stringify({ type, object }))
  }

  #schedule(): void {
    const timeoutMs = (this.#query.timeoutSeconds || DEFAULT_TIMEOUT_SECONDS) * 1_000
    this.#after(timeoutMs, () => this.end())
    if (timeoutMs > BOOKMARK_BEFORE_END_MS) {
      this.#after(timeoutMs - BOOKMARK_BEFORE_END_MS, () => this.bookmark())
    }
    const again = (): void => {
      this.bookmark()
      this.#after(this.#bookmarkEveryMs, again)
    }
    this.#after(this.#bookmarkEveryMs, again)
  }

  #after(delayMs: number, call: () => void): void {
    if (!this.#isOpen) return
    const cancel = this.#clock.after(Math.min(delayMs, 2 ** 31 - 1), () => {
      this.#cancels.delete(cancel)
      call()
    })
    this.#cancels.add(cancel)
  }
}
