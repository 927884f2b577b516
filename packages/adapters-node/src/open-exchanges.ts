import type { Duplex } from 'node:stream'
import type { Clock } from '@limpet/core'
import { CloseDeadline, type CloseOptions, checkCloseOptions } from './close-deadline.ts'
import type { DownstreamResponse } from './downstream/downstream-request.ts'
import { cutResponse } from './error-answer.ts'

/** Upgrades that are under way. */
export interface OpenUpgrades {
  readonly size: number
  /** Ends them all at once. */
  cut(): void
}

/** What one forwarder has under way, and its end. */
export class OpenExchanges {
  readonly #responses = new Set<DownstreamResponse>()
  readonly #upgrades: OpenUpgrades
  readonly #upgraded = new WeakSet<Duplex>()
  readonly #deadline: CloseDeadline
  readonly #hasEnded = Promise.withResolvers<void>()
  /** One function for all responses: a closure for each would be paid by each request. */
  readonly #responseClosed: (this: DownstreamResponse) => void
  #isClosing = false
  #endsConnections = false

  /** `upgrades`: has to call {@link settle} whenever one has ended. */
  constructor(clock: Clock, upgrades: OpenUpgrades) {
    this.#upgrades = upgrades
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

  /** True once what is under way is to be the last on its connection. */
  get endsConnections(): boolean {
    return this.#endsConnections
  }

  get responses(): Iterable<DownstreamResponse> {
    return this.#responses
  }

  /** Whether this connection was asked to switch protocols. */
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

  /** Notes the connection of an upgrade. */
  addUpgraded(socket: Duplex): void {
    this.#upgraded.add(socket)
  }

  /** Has what is under way be the last on its connection: where requests were sent one behind the other, the last of them. */
  endConnections(): void {
    this.#endsConnections = true
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
    this.settle()
    return this.#hasEnded.promise
  }

  /** Looks whether everything has ended that `close` waits for. */
  settle(): void {
    if (!this.#isClosing || this.#responses.size + this.#upgrades.size > 0) return
    this.#deadline.end()
    this.#hasEnded.resolve()
  }

  #closed(response: DownstreamResponse): void {
    this.#responses.delete(response)
    this.settle()
  }

  #cut(): void {
    for (const response of this.#responses) cutResponse(response)
    this.#upgrades.cut()
  }
}

/** Has node:http write `Connection: close` with the head, if that is not out yet. HTTP/2 has no such header. */
export function endsConnection(response: DownstreamResponse): void {
  if ('shouldKeepAlive' in response) response.shouldKeepAlive = false
}
