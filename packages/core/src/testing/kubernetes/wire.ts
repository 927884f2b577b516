import type { ServerResponse } from 'node:http'
import type { Clock } from '../../clock.ts'
import type { Connections } from './connections.ts'
import type { Disturbance } from './disturbance.ts'

/** Go's net/http tells the length of bodies up to this size, and sends longer ones in chunks. */
const COUNTED_BYTES = 2_048
/** A client that reads nothing is cut off, as the real server ends watches that fall behind. */
const BACKLOG_BYTES = 32 * 2 ** 20

/** One response on its way to the client, with what a disturbance does to it. */
export class Wire {
  readonly #response: ServerResponse
  readonly #connections: Connections
  readonly #disturbance: Disturbance | undefined
  readonly #clock: Clock
  /** What is still to be sent in pieces. */
  readonly #queue: Buffer[] = []
  #queued = 0
  #isSending = false
  #isOver = false
  #whenSent: () => void = () => undefined
  #written = 0
  #lines = 0

  constructor(
    response: ServerResponse,
    connections: Connections,
    disturbance: Disturbance | undefined,
    clock: Clock,
  ) {
    this.#response = response
    this.#connections = connections
    this.#disturbance = disturbance
    this.#clock = clock
  }

  /** Whether the client is gone, or the response complete. */
  get isClosed(): boolean {
    return this.#response.destroyed || this.#response.closed
  }

  /** Calls when the response is over, however it ended. */
  onClose(call: () => void): void {
    this.#response.once('close', call)
  }

  /** A whole answer of one line. */
  document(status: number, body: object | string, headers: Readonly<Record<string, string>> = {}): void {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const length = Buffer.byteLength(text) + 1
    const counted = length <= COUNTED_BYTES && !this.#disturbance
    this.begin(status, { ...headers, ...(counted ? { 'Content-Length': String(length) } : {}) })
    this.line(text)
    this.end()
  }

  /** Sends the head at once. */
  begin(status: number, headers: Readonly<Record<string, string>>): void {
    const type = this.#disturbance?.kind === 'content-type' ? this.#disturbance.value : 'application/json'
    this.#response.writeHead(status, {
      'Cache-Control': 'no-cache, private',
      'Content-Type': type,
      ...headers,
    })
    this.#response.flushHeaders()
    this.#write(Buffer.alloc(0))
    this.#intrude()
  }

  line(text: string): void {
    // A huge line is meant to be more than the client has read when the next one comes.
    const backlog = this.#disturbance?.kind === 'huge-line' ? 0 : this.#queued + this.#response.writableLength
    if (backlog > BACKLOG_BYTES) this.reset()
    this.#write(Buffer.from(`${text}\n`))
    this.#lines++
    this.#intrude()
  }

  /** Ends the response once everything is sent. */
  end(): void {
    if (this.#isOver) return
    if (this.#isSending) {
      this.#whenSent = () => this.end()
      return
    }
    this.#isOver = true
    this.#response.end()
  }

  /** Sends nothing more and leaves the connection open. */
  silence(): void {
    this.#isOver = true
    this.#queue.length = 0
  }

  /** Ends the connection with RST. */
  reset(): void {
    this.#isOver = true
    this.#connections.reset(this.#response)
  }

  /** Ends the connection in the middle of the response. */
  cut(): void {
    this.#isOver = true
    this.#response.socket?.end()
  }

  /** A line that the disturbance puts here. */
  #intrude(): void {
    const disturbance = this.#disturbance
    if (disturbance?.kind !== 'line' && disturbance?.kind !== 'huge-line') return
    if ((disturbance.afterLines ?? 0) !== this.#lines) return
    const text = disturbance.kind === 'line' ? disturbance.text : hugeLine(disturbance.bytes)
    this.#write(Buffer.from(`${text}\n`))
  }

  #write(bytes: Buffer): void {
    if (this.#isOver) return
    const disturbance = this.#disturbance
    if (disturbance?.kind === 'chunks') {
      if (bytes.length === 0) return
      this.#queue.push(bytes)
      this.#queued += bytes.length
      if (!this.#isSending) this.#sendPiece(disturbance.bytes, disturbance.delayMs)
      return
    }
    const last = this.#lastByte()
    const sent = bytes.subarray(0, Math.max(0, last - this.#written))
    this.#written += sent.length
    if (sent.length > 0) this.#response.write(sent)
    if (this.#written >= last) this.#break()
  }

  #sendPiece(size: number, delayMs: number | undefined): void {
    const [first] = this.#queue
    this.#isSending = first !== undefined
    if (first === undefined) return this.#whenSent()
    if (this.#isOver || this.isClosed) return
    const piece = first.subarray(0, size)
    if (piece.length < first.length) this.#queue[0] = first.subarray(size)
    else this.#queue.shift()
    this.#queued -= piece.length
    this.#response.write(piece)
    const next = () => this.#sendPiece(size, delayMs)
    if (delayMs === undefined) setImmediate(next)
    else this.#clock.after(delayMs, next)
  }

  /** The byte of the body with which the disturbance breaks it off. */
  #lastByte(): number {
    const disturbance = this.#disturbance
    const breaks =
      disturbance?.kind === 'silent' || disturbance?.kind === 'reset' || disturbance?.kind === 'cut'
    return (breaks ? disturbance.afterBytes : undefined) ?? Number.POSITIVE_INFINITY
  }

  #break(): void {
    const disturbance = this.#disturbance
    if (disturbance?.kind === 'cut') {
      if (disturbance.clean) this.end()
      else this.cut()
    } else if (disturbance?.kind === 'reset') {
      this.#isOver = true
      // Not before the kernel has what comes before it.
      this.#response.write('', () => this.reset())
    } else {
      this.silence()
    }
  }
}

function hugeLine(bytes: number): string {
  const annotations = { filler: 'x'.repeat(bytes) }
  const object = { kind: 'Status', apiVersion: 'v1', metadata: { resourceVersion: '1', annotations } }
  return JSON.stringify({ type: 'BOOKMARK', object })
}
