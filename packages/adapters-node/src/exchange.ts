import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { type Endpoint, type Route, type Routing, type ServedRoute, StickyError } from '@limpet/core'
import { answerError, errorAnswer, refusalAnswer } from './error-answer.ts'
import { movedCause } from './headers/moved-header.ts'
import { requestError } from './headers/request-check.ts'
import { type BodyFraming, bodyFraming, requestHead } from './headers/request-head.ts'
import { responseHeaders } from './headers/response-headers.ts'
import { forwardedTrailers } from './headers/trailers.ts'
import type { CheckedForwardOptions } from './options.ts'
import { RequestAbort } from './request-abort.ts'
import type {
  ConnectCaller,
  ResponseHead,
  ResponseReceiver,
  Upstream,
  UpstreamConnection,
  UpstreamFailure,
} from './upstream/upstream.ts'

/** A body of at most this many bytes leaves together with its head, in one write. */
const SMALL_BODY = 8_192

/** One request, from its route to the end of its response. */
export class Exchange implements ConnectCaller, ResponseReceiver {
  readonly #routing: Routing
  readonly #upstream: Upstream
  readonly #options: CheckedForwardOptions
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #abort = new RequestAbort()
  #framing: BodyFraming = 'none'
  #route: ServedRoute | undefined
  #connection: UpstreamConnection | undefined
  #isOver = false

  constructor(
    routing: Routing,
    upstream: Upstream,
    options: CheckedForwardOptions,
    request: IncomingMessage,
    response: ServerResponse,
  ) {
    this.#routing = routing
    this.#upstream = upstream
    this.#options = options
    this.#request = request
    this.#response = response
  }

  /** Routes the request and sends it. Never throws. */
  start(): void {
    if (this.#response.destroyed) return
    this.#framing = bodyFraming(this.#request)
    this.#response.once('close', () => this.#end())
    const malformed = requestError(this.#request, this.#response)
    if (malformed) return this.#fail(malformed)
    if (this.#framing !== 'none' && this.#request.readableDidRead) {
      const message =
        'the body of the request was read before it reached the proxy: mount the proxy before body parsers'
      return this.#fail(new StickyError('body-consumed', message))
    }
    try {
      this.#follow(this.#routing.route(this.#request, this.#abort))
    } catch (error) {
      this.#breach(error)
    }
  }

  get isCancelled(): boolean {
    return this.#isOver
  }

  connected(connection: UpstreamConnection): void {
    const route = this.#route as ServedRoute
    this.#connection = connection
    const answersBodiless = this.#request.method === 'HEAD'
    let head: string
    try {
      head = requestHead(
        this.#request,
        route.endpoint,
        this.#framing,
        this.#options,
        undefined,
        movedCause(route),
      )
    } catch (error) {
      connection.abort()
      return this.#breach(error)
    }
    if (this.#framing === 'none') {
      connection.send(head, this, answersBodiless, 'none')
      connection.finishRequest()
    } else {
      // Listens first: what has come of the body flows in the next tick, in time to leave with the head.
      this.#sendBody(connection)
      connection.send(head, this, answersBodiless, 'follows')
    }
  }

  connectFailed(error: Error): void {
    this.#next(error)
  }

  head({ status, reason, rawHeaders }: ResponseHead, body: Buffer | 'here' | 'later'): void {
    void this.#route?.settle({ status })
    const response = this.#response
    try {
      response.writeHead(status, reason, responseHeaders(rawHeaders))
    } catch (cause) {
      this.#connection?.abort()
      const message = "the endpoint's response has a head that cannot be forwarded"
      return this.#fail(new StickyError('upstream-malformed', message, { cause }))
    }
    // The client may wait for the head before anything else happens: server-sent events, a body still being sent.
    if (body === 'later') response.flushHeaders()
    if (typeof body === 'string') return
    if (body.length === 0) response.end()
    // As text, node joins it with the head: one write instead of a gathered one.
    else if (body.length <= SMALL_BODY) response.end(body.toString('latin1'), 'latin1')
    else response.end(body)
  }

  data(chunk: Buffer): void {
    if (this.#response.write(chunk)) return
    this.#connection?.pause()
    this.#response.once('drain', () => this.#connection?.resume())
  }

  ended(trailers: readonly string[]): void {
    this.#connection = undefined
    if (this.#response.writableEnded) return
    if (trailers.length > 0) this.#response.addTrailers(pairs(forwardedTrailers(trailers)))
    this.#response.end()
  }

  upgraded(_head: ResponseHead, socket: Socket): void {
    socket.on('error', () => undefined).destroy()
    this.#connection = undefined
    this.#fail(
      new StickyError('upstream-malformed', 'the endpoint switched protocols without being asked to'),
    )
  }

  failed(failure: UpstreamFailure): void {
    const wasReused = this.#connection?.isReused === true
    this.#connection = undefined
    if (this.#isOver) return
    const { code, message, cause } = failure
    const error = new StickyError(code, message, { cause })
    if (!this.#maySendAgain(failure)) {
      // Counts against the endpoint where errors count; not if the head was here, nor if the client was the cause.
      if (code.startsWith('upstream-')) void this.#route?.settle({ error })
      return this.#fail(error)
    }
    // A connection that was kept alive may have been closed by the pod's own idle limit: no sign that the pod is lost.
    if (wasReused) this.#upstream.connect((this.#route as ServedRoute).endpoint, this, true)
    else this.#next(error)
  }

  drained(): void {
    this.#request.resume()
  }

  #maySendAgain({ code, isUnanswered }: UpstreamFailure): boolean {
    const { method } = this.#request
    const isSafe = method === 'GET' || method === 'HEAD' || method === 'OPTIONS' || method === 'TRACE'
    return (
      isSafe &&
      isUnanswered &&
      code === 'upstream-reset' &&
      this.#framing === 'none' &&
      this.#options.repeatSafe
    )
  }

  #follow(route: Route | Promise<Route>): void {
    if (route instanceof Promise) {
      route.then(
        (settled) => this.#take(settled),
        (error: unknown) => this.#breach(error),
      )
    } else this.#take(route)
  }

  #take(route: Route): void {
    if (this.#isOver) return route.done()
    if (route.kind === 'refused') {
      route.done()
      return answerError(this.#request, this.#response, refusalAnswer(route))
    }
    this.#route = route
    this.#upstream.connect(route.endpoint as Endpoint, this, false)
  }

  #next(error: unknown): void {
    if (this.#route) this.#follow(this.#route.next(error))
  }

  #sendBody(connection: UpstreamConnection): void {
    const request = this.#request
    const isChunked = this.#framing === 'chunked'
    request.on('data', (chunk: Buffer) => {
      if (this.#connection !== connection) return
      const isRoomLeft = isChunked ? connection.writeChunk(chunk) : connection.write(chunk)
      if (!isRoomLeft) request.pause()
    })
    request.on('end', () => {
      if (this.#connection !== connection) return
      if (isChunked) connection.writeChunk(undefined)
      connection.finishRequest()
    })
    // A body that breaks off closes the response too, and that ends the exchange.
    request.on('error', () => undefined)
  }

  #fail(error: StickyError): void {
    if (this.#isOver) return
    if (this.#options.onError?.(error, this.#request, this.#response)) return
    answerError(this.#request, this.#response, errorAnswer(error))
  }

  /** A routing or an option function threw, which its contract forbids: the request fails, the process goes on. */
  #breach(cause: unknown): void {
    if (this.#isOver) return
    this.#fail(new StickyError('closed', 'the routing failed', { cause }))
  }

  /** The response is closed: finished, or cut by either side. */
  #end(): void {
    this.#isOver = true
    if (!this.#response.writableFinished) this.#abort.abort()
    this.#connection?.abort()
    this.#connection = undefined
    this.#route?.done()
  }
}

function pairs(flat: readonly string[]): [string, string][] {
  const result: [string, string][] = []
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const name = flat[i] as string
    result.push([name, flat[i + 1] as string])
  }
  return result
}
