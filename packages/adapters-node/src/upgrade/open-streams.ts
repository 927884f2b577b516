import type { Clock } from '@limpet/core'

/** What stands in {@link OpenStreams}. */
export interface OpenStream {
  /** Ends both sides at once. */
  cut(): void
  /** The last sweep before which bytes have flowed. Set by whoever adds the stream and whenever some do. */
  activeIn: number
  /** Neighbours, undefined at the ends and outside. */
  before: OpenStream | undefined
  after: OpenStream | undefined
}

/** A silent stream is cut after its limit and at most this part of it later. */
const SWEEPS_PER_LIMIT = 8

/**
 * The upgraded streams that have not ended, and the end of those that are silent. One timer for all: bytes that flow
 * only note the number of the sweep, and a stream costs two pointers and a number.
 */
export class OpenStreams {
  readonly #clock: Clock
  readonly #idleMs: number
  readonly #ended: () => void
  #first: OpenStream | undefined
  #size = 0
  #sweeps = 0
  #cancelSweep: (() => void) | undefined

  /** `idleMs`: the longest silence, or `Infinity`. `ended`: called after a stream has ended. */
  constructor(clock: Clock, idleMs: number, ended: () => void) {
    this.#clock = clock
    this.#ended = ended
    this.#idleMs = idleMs
  }

  /** The number of the last sweep. */
  get sweeps(): number {
    return this.#sweeps
  }

  get size(): number {
    return this.#size
  }

  add(stream: OpenStream): void {
    this.#size++
    stream.after = this.#first
    if (this.#first) this.#first.before = stream
    this.#first = stream
    if (!this.#cancelSweep) this.#sweepLater()
  }

  /** Takes out a stream that was added. */
  remove(stream: OpenStream): void {
    this.#size--
    if (stream.before) stream.before.after = stream.after
    else this.#first = stream.after
    if (stream.after) stream.after.before = stream.before
    stream.before = undefined
    stream.after = undefined
    if (!this.#first) {
      this.#cancelSweep?.()
      this.#cancelSweep = undefined
    }
    this.#ended()
  }

  /** Cuts every stream. */
  cut(): void {
    this.#each((stream) => stream.cut())
  }

  #sweep(): void {
    this.#sweepLater()
    const oldest = ++this.#sweeps - SWEEPS_PER_LIMIT
    this.#each((stream) => {
      if (stream.activeIn < oldest) stream.cut()
    })
  }

  #each(visit: (stream: OpenStream) => void): void {
    for (let stream = this.#first; stream; ) {
      const next = stream.after
      visit(stream)
      stream = next
    }
  }

  #sweepLater(): void {
    if (this.#idleMs === Number.POSITIVE_INFINITY) return
    this.#cancelSweep = this.#clock.after(this.#idleMs / SWEEPS_PER_LIMIT, () => this.#sweep())
  }
}
