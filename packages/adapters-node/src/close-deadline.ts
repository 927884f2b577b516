import type { Clock } from '@limpet/core'
import { durationOption, invalidOption, optionsObject } from '@limpet/core/adapter-kit'

/** How long what is under way may take to its end. @public */
export interface CloseOptions {
  /**
   * After this many milliseconds what has not ended is cut; 0 cuts at once, `Infinity` never. Asked several times, the
   * earliest deadline counts. Default 20 000.
   */
  readonly graceMs?: number
  /** Cuts at once when it is aborted. Default: none. */
  readonly signal?: AbortSignal
}

const NAMES = ['graceMs', 'signal'] as const satisfies readonly (keyof CloseOptions)[]

/** The moment at which whatever is still open is cut: the earliest of all that were asked for. */
export class CloseDeadline {
  readonly #clock: Clock
  readonly #cut: () => void
  readonly #signals = new Set<AbortSignal>()
  #at = Number.POSITIVE_INFINITY
  #cancel: (() => void) | undefined
  #isOver = false

  /** Calls `cut` once. */
  constructor(clock: Clock, cut: () => void) {
    this.#clock = clock
    this.#cut = cut
  }

  /**
   * Takes in what one `close` asks for.
   *
   * @throws StickyError `invalid-option`, named `path`
   */
  take(path: string, options: CloseOptions): void {
    const { graceMs, signal } = checkCloseOptions(path, options)
    if (this.#isOver) return
    if (graceMs === 0 || signal?.aborted) return this.#pass()
    if (signal && !this.#signals.has(signal)) {
      this.#signals.add(signal)
      signal.addEventListener('abort', this.#pass, { once: true })
    }
    const at = this.#clock.now() + graceMs
    if (at >= this.#at) return
    this.#at = at
    this.#cancel?.()
    this.#cancel = this.#clock.after(graceMs, this.#pass)
  }

  /** Everything has ended: nothing is left to cut. */
  end(): void {
    this.#isOver = true
    this.#cancel?.()
    for (const signal of this.#signals) signal.removeEventListener('abort', this.#pass)
    this.#signals.clear()
  }

  readonly #pass = () => {
    if (this.#isOver) return
    this.end()
    this.#cut()
  }
}

function checkCloseOptions(path: string, options: CloseOptions) {
  optionsObject(path, options, NAMES)
  const { graceMs = 20_000, signal } = options
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw invalidOption(`${path}.signal`, 'an AbortSignal', signal)
  }
  return { graceMs: durationOption(`${path}.graceMs`, graceMs, 0, 'or-never'), signal }
}
