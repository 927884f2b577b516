import type { Clock } from '../clock.ts'
import { nextTurn } from '../table/slices.ts'

/** Picks between two looks at the clock: at the slowest (a look at each of 5 000 endpoints) they take 2 ms. */
const PER_LOOK = 64

/** What sets the pace of work that is done in slices. */
export interface PaceOptions {
  readonly signal: AbortSignal | undefined
  readonly sliceMs: number
  /** A time that goes on within a turn of the event loop. */
  readonly clock: Pick<Clock, 'now'>
}

/** Work in slices of a set time, with a turn of the event loop between two. */
export class Pace {
  readonly #options: PaceOptions
  #began: number

  constructor(options: PaceOptions) {
    this.#options = options
    this.#began = options.clock.now()
    options.signal?.throwIfAborted()
  }

  /** Goes through 0 to `end`, and tells how far it is at the end of each slice. */
  async through(
    end: number,
    work: (from: number, to: number) => void,
    tell: (done: number) => void,
  ): Promise<void> {
    for (let from = 0; from < end; from += PER_LOOK) {
      if (this.#isOver()) {
        tell(from)
        await this.turn()
      }
      work(from, Math.min(from + PER_LOOK, end))
    }
    tell(end)
  }

  /** Lets others have a turn if the slice is over: between pieces of work that are no loops. */
  async breathe(): Promise<void> {
    if (this.#isOver()) await this.turn()
  }

  /** Lets others have a turn. @throws the signal's reason */
  async turn(): Promise<void> {
    await nextTurn()
    this.#options.signal?.throwIfAborted()
    this.#began = this.#options.clock.now()
  }

  #isOver(): boolean {
    return this.#options.clock.now() - this.#began >= this.#options.sliceMs
  }
}
