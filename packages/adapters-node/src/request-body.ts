import type { Readable } from 'node:stream'
import type { Clock } from '@limpet/core'
import type { DownstreamRequest } from './downstream/downstream-request.ts'
import { discardRest } from './downstream/linger.ts'
import { trailerFields } from './headers/trailer-fields.ts'
import type { UpstreamConnection } from './upstream/upstream.ts'

/**
 * The body of a request on its way to the pod. It is read when a connection stands and not before, so that a request whose
 * connection fails is still whole; what was read is gone, so that it can be sent once only.
 */
export class RequestBody {
  readonly #clock: Clock
  readonly #request: DownstreamRequest
  #connection: UpstreamConnection | undefined
  #isRead = false
  #isUntouched = true

  constructor(request: DownstreamRequest, clock: Clock) {
    this.#clock = clock
    this.#request = request
  }

  /** No byte of it was given to a connection. */
  get isUntouched(): boolean {
    return this.#isUntouched
  }

  /** Sends the body by `connection` from now on. What has come of it flows in the next tick, in time to leave with the head. */
  sendBy(connection: UpstreamConnection): void {
    this.#connection = connection
    const request: Readable = this.#request
    if (this.#isRead) {
      request.resume()
      return
    }
    this.#isRead = true
    request.on('data', (chunk: Buffer) => {
      if (!this.#connection) return
      this.#isUntouched = false
      if (!this.#connection.write(chunk)) request.pause()
    })
    request.on('end', () => {
      this.#isUntouched = false
      this.#connection?.finish(trailerFields(this.#request.rawTrailers))
    })
    // A body that breaks off closes the response too, and that ends the exchange.
    request.on('error', () => undefined)
  }

  /** The connection takes more. */
  resume(): void {
    this.#request.resume()
  }

  /** The connection has failed, and another may follow: keeps what is left. */
  hold(): void {
    this.#connection = undefined
    if (this.#isRead) this.#request.pause()
  }

  /** The request is answered: what is left goes nowhere. */
  drop(): void {
    this.#connection = undefined
    discardRest(this.#request, this.#clock)
  }
}
