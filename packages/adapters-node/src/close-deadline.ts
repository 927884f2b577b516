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

/** The options with every default filled in. */
export interface CheckedCloseOptions {
  readonly graceMs: number
  readonly signal: AbortSignal | undefined
}

/** With 5 s until load balancers notice, below Kubernetes' 30 s until SIGKILL. */
export const DEFAULT_GRACE_MS = 20_000

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

  /** Takes in what one `close` asks for. */
  take({ graceMs, signal }: CheckedCloseOptions): void {
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

/**
 * Checks the options of a `close` and fills in the defaults.
 *
 * @throws StickyError `invalid-option`
 */
export function checkCloseOptions(options: CloseOptions): CheckedCloseOptions {
  optionsObject('close', options, NAMES)
  const { graceMs = DEFAULT_GRACE_MS, signal } = options
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw invalidOption('close.signal', 'an AbortSignal', signal)
  }
  return { graceMs: durationOption('close.graceMs', graceMs, 0, 'or-never'), signal }
}
