import type { Duplex } from 'node:stream'
import type { Clock } from '@limpet/core'
import { CloseDeadline, type CloseOptions, checkCloseOptions } from './close-deadline.ts'
import type { DownstreamResponse } from './downstream/downstream-request.ts'
import { cutResponse } from './error-answer.ts'

/** What one forwarder has under way, and its end. */
export class OpenExchanges {
  readonly #responses = new Set<DownstreamResponse>()
  readonly #upgraded = new Set<Duplex>()
  readonly #deadline: CloseDeadline
  readonly #hasEnded = Promise.withResolvers<void>()
  /** One function for all responses: a closure for each would be paid by each request. */
  readonly #responseClosed: (this: DownstreamResponse) => void
  #isClosing = false

  constructor(clock: Clock) {
    this.#deadline = new CloseDeadline(clock, () => this.#cut())
    const closed = (response: DownstreamResponse) => this.#closed(response)
    this.#responseClosed = function () {
      closed(this)
    }
  }

  /** True from the first `close` on: what comes then is refused. */
  get isClosing(): boolean {
    return this.#isClosing
  }

  get responses(): Iterable<DownstreamResponse> {
    return this.#responses
  }

  /** Whether this connection has switched protocols and is still open. */
  isUpgraded(socket: Duplex): boolean {
    return this.#upgraded.has(socket)
  }

  add(response: DownstreamResponse): void {
    // Of HTTP/2 the stream tells it: node's response object closes only where it was ended itself.
    const emitter = 'stream' in response ? response.stream : response
    // Closed already: no `close` will come any more.
    if (emitter.destroyed) return
    this.#responses.add(response)
    if (emitter === response) response.on('close', this.#responseClosed)
    else emitter.once('close', () => this.#closed(response))
  }

  addUpgraded(socket: Duplex): void {
    if (socket.destroyed) return
    this.#upgraded.add(socket)
    socket.once('close', () => {
      this.#upgraded.delete(socket)
      this.#settle()
    })
  }

  /** Has what is under way be the last on its connection: where requests were sent one behind the other, the last of them. */
  endConnections(): void {
    const last = new Map<unknown, DownstreamResponse>()
    for (const response of this.#responses) last.set(response.req.socket, response)
    for (const response of last.values()) endsConnection(response)
  }

  /**
   * Resolves when nothing is under way any more, at the deadline at the latest. Answers from now on are the last of their
   * connections.
   */
  async close(options: CloseOptions): Promise<void> {
    const checked = checkCloseOptions(options)
    this.#isClosing = true
    this.endConnections()
    this.#deadline.take(checked)
    this.#settle()
    return this.#hasEnded.promise
  }

  #closed(response: DownstreamResponse): void {
    this.#responses.delete(response)
    this.#settle()
  }

  #cut(): void {
    for (const response of this.#responses) cutResponse(response)
    for (const socket of this.#upgraded) socket.destroy()
  }

  #settle(): void {
    if (!this.#isClosing || this.#responses.size + this.#upgraded.size > 0) return
    this.#deadline.end()
    this.#hasEnded.resolve()
  }
}

/** Has node:http write `Connection: close` with the head, if that is not out yet. HTTP/2 has no such header. */
export function endsConnection(response: DownstreamResponse): void {
  if ('shouldKeepAlive' in response) response.shouldKeepAlive = false
}
