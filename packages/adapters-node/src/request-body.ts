import type { Readable } from 'node:stream'
import type { Clock } from '@limpet/core'
import type { DownstreamRequest } from './downstream/downstream-request.ts'
import { discardRest } from './downstream/linger.ts'
import { trailerFields } from './headers/trailer-fields.ts'
import type { UpstreamConnection } from './upstream/upstream.ts'

/** What a pod may have been sent of a body that it then refuses to look at: a small call of gRPC, a form. */
const MOST_KEPT_BYTES = 16_384

/**
 * The body of a request on its way to the pod. It is read when a connection stands and not before, so that a request whose
 * connection fails is still whole. What was sent is gone, but for the first part of it where the pod may refuse the request
 * without having looked at it.
 */
export class RequestBody {
  readonly #clock: Clock
  readonly #request: DownstreamRequest
  #connection: UpstreamConnection | undefined
  #isRead = false
  #isEnded = false
  /** What was sent, if that is all that was read. */
  #kept: Buffer[] | undefined = []
  #sentBytes = 0

  constructor(request: DownstreamRequest, clock: Clock) {
    this.#clock = clock
    this.#request = request
  }

  /** No byte of it was given to a connection. */
  get isUntouched(): boolean {
    return this.#sentBytes === 0 && !this.#isEnded
  }

  /** All of it can be sent, once more or for the first time. */
  get isWhole(): boolean {
    return this.#kept !== undefined
  }

  /** Sends the body by `connection` from now on. What has come of it flows in the next tick, in time to leave with the head. */
  sendBy(connection: UpstreamConnection): void {
    this.#connection = connection
    const request: Readable = this.#request
    if (this.#isRead) {
      for (const chunk of this.#kept ?? []) connection.write(chunk)
      if (this.#isEnded) this.#finish()
      else request.resume()
      return
    }
    this.#isRead = true
    request.on('data', (chunk: Buffer) => {
      if (!this.#connection) return
      this.#keep(chunk, this.#connection)
      if (!this.#connection.write(chunk)) request.pause()
    })
    request.on('end', () => {
      // A stream that is reset ends its request as if it were complete. One that is complete is open until it is answered.
      if ('stream' in this.#request && this.#request.stream.closed) return
      this.#isEnded = true
      this.#finish()
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

  /** The pod has answered: it has looked at the request. */
  forget(): void {
    this.#kept = undefined
  }

  /** The request is answered: what is left goes nowhere. */
  drop(): void {
    this.#connection = undefined
    this.#kept = undefined
    discardRest(this.#request, this.#clock)
  }

  #finish(): void {
    // An HTTP/1.1 pod has the whole request now, and may have acted on it.
    if (this.#connection?.mayRefuse === false) this.#kept = undefined
    this.#connection?.finish(trailerFields(this.#request.rawTrailers))
  }

  #keep(chunk: Buffer, { mayRefuse }: UpstreamConnection): void {
    this.#sentBytes += chunk.length
    if (mayRefuse && this.#sentBytes <= MOST_KEPT_BYTES) this.#kept?.push(chunk)
    else this.#kept = undefined
  }
}
