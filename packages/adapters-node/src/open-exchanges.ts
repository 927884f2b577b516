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

/** What stands in {@link OpenExchanges}. */
export interface OpenExchange {
  readonly response: DownstreamResponse
  /** Neighbours, undefined at the ends and outside. */
  before: OpenExchange | undefined
  after: OpenExchange | undefined
}

/**
 * What one forwarder has under way, and its end. The exchanges are a list of their own making: a Set leaves its old tables
 * behind, full of what has ended, and each request would live until the next full collection.
 */
export class OpenExchanges {
  #first: OpenExchange | undefined
  readonly #upgrades: () => OpenUpgrades
  readonly #upgraded = new WeakSet<Duplex>()
  readonly #deadline: CloseDeadline
  readonly #hasEnded = Promise.withResolvers<void>()
  #isClosing = false
  #endsConnections = false

  /** `upgrades`: has to call {@link settle} whenever one has ended. */
  constructor(clock: Clock, upgrades: () => OpenUpgrades) {
    this.#upgrades = upgrades
    this.#deadline = new CloseDeadline(clock, () => this.#cut())
  }

  /** True from the first `close` on: what comes then is refused. */
  get isClosing(): boolean {
    return this.#isClosing
  }

  /** True once what is under way is to be the last on its connection. */
  get endsConnections(): boolean {
    return this.#endsConnections
  }

  /** The responses of what is under way, the oldest first. */
  get responses(): DownstreamResponse[] {
    const responses: DownstreamResponse[] = []
    for (let exchange = this.#first; exchange; exchange = exchange.after) responses.push(exchange.response)
    return responses.reverse()
  }

  /** Whether this connection was asked to switch protocols. */
  isUpgraded(socket: Duplex): boolean {
    return this.#upgraded.has(socket)
  }

  /** Takes an exchange that has to be taken out again by {@link remove}. */
  add(exchange: OpenExchange): void {
    exchange.after = this.#first
    if (this.#first) this.#first.before = exchange
    this.#first = exchange
  }

  /** Takes out an exchange that was added. */
  remove(exchange: OpenExchange): void {
    const { before, after } = exchange
    if (before) before.after = after
    else this.#first = after
    if (after) after.before = before
    // Without this, one that is promoted to the old space would keep all that came after it.
    exchange.before = undefined
    exchange.after = undefined
    if (this.#isClosing) this.settle()
  }

  /** Notes the connection of an upgrade. */
  addUpgraded(socket: Duplex): void {
    this.#upgraded.add(socket)
  }

  /** Has what is under way be the last on its connection: where requests were sent one behind the other, the last of them. */
  endConnections(): void {
    this.#endsConnections = true
    const last = new Map<unknown, DownstreamResponse>()
    for (const response of this.responses) last.set(response.req.socket, response)
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
    if (!this.#isClosing || this.#first || this.#upgrades().size > 0) return
    this.#deadline.end()
    this.#hasEnded.resolve()
  }

  #cut(): void {
    for (const response of this.responses) cutResponse(response)
    this.#upgrades().cut()
  }
}

/** Has node:http write `Connection: close` with the head, if that is not out yet. HTTP/2 has no such header. */
export function endsConnection(response: DownstreamResponse): void {
  if ('shouldKeepAlive' in response) response.shouldKeepAlive = false
}
