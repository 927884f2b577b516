import type { Socket } from 'node:net'
import type { Treatment } from './fault.ts'

/** Bytes that a lane holds before it stops to read more; what comes then waits in the kernel. */
const HELD = 1 << 20
/** How often a slow lane lets bytes pass, in milliseconds. */
const SLOW_STEP = 5

interface Piece {
  readonly bytes: Buffer
  /** When it may pass, if it is delayed; no piece overtakes another. */
  readonly due: number
}

/** One way of one connection: takes pieces from one socket and gives them to the other, as the treatment says. */
export class FaultLane {
  readonly #from: Socket
  readonly #to: Socket
  readonly #random: () => number
  readonly #cut: () => void
  readonly #queue: Piece[] = []
  #held = 0
  #due = 0
  #treatment: Treatment
  /** When the treatment began, or a slow lane last had nothing to do; `#since` counts the bytes from then on. */
  #start = performance.now()
  #since = 0
  #timer: NodeJS.Timeout | undefined
  #end: 'none' | 'end' | 'reset' = 'none'
  #passed = 0
  #swallowed = 0

  constructor(from: Socket, to: Socket, treatment: Treatment, random: () => number, cut: () => void) {
    this.#from = from
    this.#to = to
    this.#treatment = treatment
    this.#random = random
    this.#cut = cut
    from.on('data', (bytes) => this.#take(bytes))
    from.on('end', () => this.#ended('end'))
    from.on('close', (hadError) => hadError && this.#ended('reset'))
    to.on('drain', () => this.#work())
  }

  get passed(): number {
    return this.#passed
  }

  get held(): number {
    return this.#held
  }

  get hasEnded(): boolean {
    return this.#end !== 'none'
  }

  get swallowed(): number {
    return this.#swallowed
  }

  treat(treatment: Treatment): void {
    this.#treatment = treatment
    this.#start = performance.now()
    this.#since = 0
    if (this.#swallowed > 0 && treatment.kind !== 'swallow') this.#cut()
    else this.#work()
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#queue.length = 0
    this.#end = 'none'
  }

  #take(bytes: Buffer): void {
    const treatment = this.#treatment
    if (treatment.kind === 'swallow') {
      this.#swallowed += bytes.length
      return
    }
    const now = performance.now()
    if (treatment.kind === 'later')
      this.#due = Math.max(this.#due, now + treatment.ms + this.#random() * treatment.jitterMs)
    if (treatment.kind === 'slow' && this.#queue.length === 0) {
      this.#start = now
      this.#since = 0
    }
    this.#queue.push({ bytes, due: this.#due })
    this.#held += bytes.length
    this.#work()
  }

  #ended(how: 'end' | 'reset'): void {
    this.#end = how
    this.#work()
  }

  /** Passes on what may pass now. What has to wait for a time sets the timer; all else waits for an event. */
  #work(): void {
    clearTimeout(this.#timer)
    let wait: number | undefined
    do wait = this.#step(performance.now())
    while (wait === 0)
    if (wait !== undefined) this.#timer = setTimeout(() => this.#work(), wait)
    if (this.#held > HELD || (this.#to.writableNeedDrain && this.#treatment.kind !== 'swallow'))
      this.#from.pause()
    else this.#from.resume()
  }

  /** Does the next thing; gives the milliseconds until there is more to do, or nothing if it takes an event. */
  #step(now: number): number | undefined {
    const treatment = this.#treatment
    if (treatment.kind === 'hold' || treatment.kind === 'swallow') return undefined
    const [piece] = this.#queue
    if (piece === undefined) return this.#finish()
    switch (treatment.kind) {
      case 'later':
        if (piece.due > now) return Math.ceil(piece.due - now)
        return this.#pass(piece.bytes.length)
      case 'slow': {
        const allowed = Math.floor(((now - this.#start) * treatment.bytesPerSecond) / 1000) - this.#since
        return allowed > 0 ? this.#pass(allowed) : SLOW_STEP
      }
      case 'cut': {
        const left = treatment.after - this.#since
        if (left > piece.bytes.length) return this.#pass(piece.bytes.length)
        // The bytes have to reach the kernel before the reset does.
        this.#to.write(piece.bytes.subarray(0, left), () => this.#cut())
        this.#treatment = { kind: 'hold' }
        return undefined
      }
      case 'pass':
        return this.#pass(piece.bytes.length)
    }
  }

  #pass(most: number): number {
    const { bytes, due } = this.#queue.shift() as Piece
    const part = bytes.subarray(0, most)
    if (part.length < bytes.length) this.#queue.unshift({ bytes: bytes.subarray(part.length), due })
    this.#held -= part.length
    this.#since += part.length
    this.#passed += part.length
    if (!this.#to.destroyed && !this.#to.writableEnded) this.#to.write(part)
    return 0
  }

  #finish(): undefined {
    if (this.#end === 'reset') this.#cut()
    else if (this.#end === 'end' && !this.#to.writableEnded) this.#to.end()
  }
}
