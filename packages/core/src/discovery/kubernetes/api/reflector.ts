import type { Clock } from '../../../clock.ts'
import type { StickyError } from '../../../error.ts'
import { pause } from '../../wait.ts'
import { Backoff } from './backoff.ts'
import type { CollectionSink } from './collection-sink.ts'
import type { Collection, KubernetesApi } from './kubernetes-api.ts'
import { listAll } from './list-all.ts'
import { failureOf, type WatchFailure } from './watch-failure.ts'
import { InitialEventsMissing, WatchStream } from './watch-stream.ts'

/** What a {@link Reflector} needs. */
export interface ReflectorOptions {
  readonly api: KubernetesApi
  readonly collection: Collection
  readonly sink: CollectionSink
  /** Objects in a page. */
  readonly pageSize: number
  /** The longest time in which a server that sends bookmarks may send nothing, in milliseconds. */
  readonly silenceMs: number
  readonly retryBaseMs: number
  readonly retryMaxMs: number
  readonly clock: Clock
  readonly random: () => number
  /** Told of every failure; what is known stays. */
  readonly failed: (error: StickyError) => void
  /** Told when `freshness` may have changed. */
  readonly heard?: () => void
}

/** How what is known stands to what the API server has. @public */
export interface Freshness {
  /** True while the server is being heard: what is known is what there is. */
  readonly isCurrent: boolean
  /** When the server was last heard, by the clock that was given; undefined = never. */
  readonly asOf: number | undefined
}

/** After this long without a failure the next one is a first one again, as in client-go. */
const RESET_MS = 120_000
/** After so many watches in a row that were accepted, told nothing and failed, a list passes by what stands in their way. */
const MOST_FRUITLESS = 3
/** A watch that ended sooner is no watch: taken up again at once, it would be a storm. Nor is it taken up at once more often. */
const SHORT_MS = 10_000

/**
 * Keeps a sink like a collection of the API: lists, watches from there, takes a watch up where it ended, and lists again
 * when the server no longer knows that point. As client-go's reflector does, with what its informers add.
 *
 * Attempts are bounded: each follows the one before after a wait of {@link Backoff}, but for two cases, and at most once
 * in {@link SHORT_MS}: a watch that lasted is taken up at once, and so is the list made anew whose version the server has
 * forgotten after {@link RESET_MS}. The refusal of watch-lists is followed at once by a list, once.
 */
export class Reflector {
  readonly #options: ReflectorOptions
  readonly #backoff: Backoff
  /** Where the next watch takes up; undefined = list first. */
  #version: string | undefined = undefined
  /** Watch-list is tried until a server has refused it. */
  #mayStream = true
  #bookmarksCome = false
  #filledAt: number | undefined = undefined
  /** The server has called a version too old, and has not been well for long since. */
  #hasExpired = false
  /** Watches in a row that were accepted, told nothing and failed. */
  #fruitless = 0
  /** When an attempt last followed another at once. */
  #hurriedAt = Number.NEGATIVE_INFINITY
  #isCurrent = false
  #asOf: number | undefined = undefined

  constructor(options: ReflectorOptions) {
    const { retryBaseMs, retryMaxMs, clock, random } = options
    this.#options = options
    this.#backoff = new Backoff({ baseMs: retryBaseMs, maxMs: retryMaxMs, resetMs: RESET_MS, clock, random })
  }

  get freshness(): Freshness {
    return { isCurrent: this.#isCurrent, asOf: this.#asOf }
  }

  /** Resolves when the signal has aborted and nothing is left under way. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options
    while (!signal.aborted) {
      const waitMs = await this.#attempt(signal)
      if (waitMs > 0) await pause(waitMs, clock, signal)
    }
    this.#isCurrent = false
  }

  /** Follows the collection for as long as it goes; answers how long to wait before the next time. */
  async #attempt(signal: AbortSignal): Promise<number> {
    const { api, collection, pageSize, sink, clock } = this.#options
    let verb: 'list' | 'watch' = 'list'
    let watchedAt = clock.now()
    try {
      if (this.#version === undefined && !this.#mayStream) {
        const { items, resourceVersion } = await listAll(api, collection, pageSize, signal)
        if (signal.aborted) return 0
        this.#filled(resourceVersion)
        sink.replaced(items)
      }
      verb = 'watch'
      watchedAt = clock.now()
      await this.#watch(signal)
      this.#isCurrent = false
      return this.#waitMs(clock.now() - watchedAt >= SHORT_MS)
    } catch (error) {
      this.#isCurrent = false
      if (signal.aborted) return 0
      if (error instanceof InitialEventsMissing) {
        this.#mayStream = false
        return 0
      }
      const failure = failureOf(verb, collection, error)
      if (failure.kind === 'expired') {
        this.#version = undefined
        // The server has forgotten, as it may; only if it does so time and again something is wrong.
        const wasWell = this.#filledAt !== undefined && clock.now() - this.#filledAt >= RESET_MS
        this.#filledAt = undefined
        if (this.#hasExpired && !wasWell) this.#options.failed(failure.error)
        this.#hasExpired = true
        return this.#waitMs(wasWell)
      }
      return this.#afterFailure(failure, verb === 'watch' && clock.now() - watchedAt >= SHORT_MS)
    }
  }

  #afterFailure(failure: WatchFailure, hasLasted: boolean): number {
    if (failure.kind === 'unsupported' && this.#version === undefined && this.#mayStream) {
      this.#mayStream = false
      return 0
    }
    // As client-go: a version that the server does not understand, or an event that nobody can read, would be met for ever.
    if (failure.kind === 'unsupported' || this.#fruitless >= MOST_FRUITLESS) this.#version = undefined
    this.#options.failed(failure.error)
    const waitMs = this.#waitMs(hasLasted)
    return failure.kind === 'later' ? Math.max(waitMs, failure.retryAfterMs) : waitMs
  }

  #waitMs(mayHurry: boolean): number {
    const now = this.#options.clock.now()
    if (!mayHurry || now - this.#hurriedAt < SHORT_MS) return this.#backoff.next()
    this.#hurriedAt = now
    return 0
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { api, collection, silenceMs, sink, clock, random } = this.#options
    let isCounted = false
    const stream = new WatchStream({
      api,
      collection,
      version: this.#version,
      silenceMs,
      bookmarksCome: this.#bookmarksCome,
      clock,
      random,
      heard: () => {
        if (!isCounted) this.#fruitless++
        isCounted = true
        this.#heard()
      },
      filled: (items, version) => {
        this.#filled(version)
        sink.replaced(items)
      },
      happened: ({ type, object }) => {
        this.#fruitless = 0
        if (type === 'BOOKMARK') this.#bookmarksCome = true
        else if (type === 'DELETED') sink.removed(object)
        else sink.put(object)
        this.#version = object.metadata.resourceVersion ?? this.#version
      },
    })
    await stream.follow(signal)
    this.#fruitless = 0
  }

  #filled(version: string): void {
    this.#version = version
    this.#fruitless = 0
    this.#filledAt = this.#options.clock.now()
    this.#heard()
  }

  #heard(): void {
    this.#isCurrent = true
    this.#asOf = this.#options.clock.now()
    this.#options.heard?.()
  }
}
