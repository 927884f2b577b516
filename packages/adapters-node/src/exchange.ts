import type { Socket } from 'node:net'
import { type Endpoint, type Route, type ServedRoute, StickyError } from '@limpet/core'
import type { DownstreamRequest, DownstreamResponse } from './downstream/downstream-request.ts'
import type { Reply, ReplyListener } from './downstream/reply.ts'
import { replyTo } from './downstream/reply-to.ts'
import { isUnanswerable } from './downstream/unanswerable.ts'
import { cutIfUnread } from './downstream/unread.ts'
import { type ErrorAnswer, errorAnswer, refusalAnswer } from './error-answer.ts'
import { bodyConsumed, failureError, handlerError, isAnsweredBy } from './failure-error.ts'
import type { ForwardContext } from './forward-context.ts'
import { bodyFraming } from './headers/body-framing.ts'
import { requestError } from './headers/request-check.ts'
import type { BodyFraming } from './headers/request-head.ts'
import { responseHeaders } from './headers/response-headers.ts'
import { trailerFields } from './headers/trailer-fields.ts'
import { tellResponseHead } from './hooks.ts'
import type { OpenExchange } from './open-exchanges.ts'
import { outgoingHead } from './outgoing-head.ts'
import { RequestAbort } from './request-abort.ts'
import { RequestBody } from './request-body.ts'
import type { RepeatableRequest } from './retry/retry-policy.ts'
import { followRoute, type RouteTaker } from './route-taker.ts'
import type {
  ConnectCaller,
  ResponseHead,
  ResponseReceiver,
  UpstreamConnection,
  UpstreamFailure,
} from './upstream/upstream.ts'

/** One request, from its route to the end of its response. */
export class Exchange
  implements ConnectCaller, ResponseReceiver, ReplyListener, RepeatableRequest, OpenExchange, RouteTaker
{
  readonly needsHttp1 = false
  /** Further tries that were made after the request was sent. */
  tries = 0
  stopConnecting: (() => void) | undefined
  readonly #context: ForwardContext
  readonly #request: DownstreamRequest
  readonly response: DownstreamResponse
  before: OpenExchange | undefined = undefined
  after: OpenExchange | undefined = undefined
  readonly #reply: Reply
  readonly #framing: BodyFraming
  readonly #body: RequestBody | undefined
  readonly #abort = new RequestAbort()
  /** The client waits for 100 Continue, and has sent no body. */
  #expectsContinue: boolean
  #route: ServedRoute | undefined
  #connection: UpstreamConnection | undefined
  /** What came of the last try that a pod was sent, when another pod is asked for. */
  #failure: StickyError | undefined
  #cancelPause: (() => void) | undefined
  #isListed = false
  #isOver = false

  constructor(
    context: ForwardContext,
    request: DownstreamRequest,
    response: DownstreamResponse,
    expectsContinue: boolean,
  ) {
    this.#context = context
    this.#request = request
    this.response = response
    this.#framing = bodyFraming(request)
    // Without a body there is nothing to wait for (RFC 9110, 10.1.1).
    this.#expectsContinue = expectsContinue && this.#framing !== 'none'
    this.#body = this.#framing === 'none' ? undefined : new RequestBody(request, context.options.clock)
    this.#reply = replyTo(request, response, this)
  }

  /** Routes the request and sends it. Never throws. */
  start(): void {
    const request = this.#request
    if (isUnanswerable(request, this.response)) return
    this.#context.open.add(this)
    this.#isListed = true
    const malformed = requestError(request, this.response)
    if (malformed) return this.#fail(malformed)
    if (this.#body && request.readableDidRead) return this.#fail(bodyConsumed())
    this.#context.retry.request()
    try {
      followRoute(this, this.#context.routing.route(request, this.#abort))
    } catch (error) {
      this.breach(error)
    }
  }

  get isCancelled(): boolean {
    return this.#isOver
  }

  get method(): string {
    return this.#request.method as string
  }

  get hasBody(): boolean {
    return this.#body !== undefined
  }

  get isBodyWhole(): boolean {
    return this.#body?.isWhole ?? true
  }

  connected(connection: UpstreamConnection): void {
    this.#connection = connection
    try {
      const about = { framing: this.#framing, expectsContinue: this.#expectsContinue }
      const route = this.#route as ServedRoute
      connection.send(outgoingHead(this.#request, route, about, this.#context.options), this)
    } catch (error) {
      this.#drop()
      return this.breach(error)
    }
    this.#body?.sendBy(connection)
  }

  connectFailed(error: Error): void {
    this.#next(error)
  }

  refused(error: Error): void {
    this.#fail(error as StickyError)
  }

  interim(head: ResponseHead): void {
    const { status } = head
    // A client that did not ask for 100 was told by the server, or by nobody, and has no use for another.
    if (status === 100 && !this.#expectsContinue) return
    if (status === 100) this.#expectsContinue = false
    this.#reply.interim(status, responseHeaders(head, this.#context.options.via))
  }

  head(head: ResponseHead, body: Buffer | 'here' | 'later'): void {
    const { status, reason } = head
    if (this.#context.retry.afterStatus(this, status)) return this.#tryLater()
    this.#body?.forget()
    void this.#route?.settle({ status })
    const { options } = this.#context
    const headers = responseHeaders(head, options.via)
    try {
      tellResponseHead(options, status, headers, this.#request, this.#route as ServedRoute)
    } catch (error) {
      this.#drop()
      return this.breach(error)
    }
    try {
      // A client that still waits for 100 may send its body, or may not: nobody can tell what comes next from it.
      this.#reply.head(status, reason, headers, this.#expectsContinue, body)
    } catch (error) {
      this.#drop()
      const message = "the endpoint's response has a head that cannot be forwarded"
      return this.#fail(new StickyError('upstream-malformed', message, { cause: error }))
    }
    if (typeof body !== 'string') return this.#end(body, [])
    // The client may wait for the head before anything else happens: server-sent events, a body still being sent.
    if (body === 'later') this.#reply.flush()
  }

  data(chunk: Buffer): void {
    if (!this.#reply.write(chunk)) this.#connection?.pause()
  }

  ended(trailers: readonly string[]): void {
    this.#connection = undefined
    this.#body?.drop()
    if (!this.#reply.isEnded) this.#end(undefined, trailerFields(trailers))
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
    this.#body?.hold()
    const error = failureError(failure, this.#expectsContinue && this.#body?.isUntouched !== false)
    if (!this.#context.retry.afterFailure(this, failure)) {
      // Counts against the endpoint where errors count; not if the head was here, nor if the client was the cause.
      if (error.code.startsWith('upstream-')) void this.#route?.settle({ error })
      return this.#fail(error)
    }
    this.tries++
    // A connection that was kept alive may have been closed by the pod's own idle limit: no sign that the pod is lost.
    if (wasReused || failure.isUnprocessed) this.#connect(true)
    else if (failure.code === 'upstream-timeout') this.#pause()
    else {
      this.#failure = error
      this.#next(error)
    }
  }

  drained(): void {
    this.#body?.resume()
  }

  caughtUp(): void {
    this.#connection?.resume()
  }

  closed(isComplete: boolean): void {
    this.#isOver = true
    if (!isComplete) this.#abort.abort()
    this.#cancelPause?.()
    this.stopConnecting?.()
    this.#drop()
    this.#route?.done()
    if (this.#isListed) this.#context.open.remove(this)
    this.#isListed = false
  }

  take(route: Route): void {
    if (this.#isOver) return route.done()
    if (route.kind === 'refused') {
      route.done()
      // Sent, and nobody else is there: what came of it says more than that nobody is there.
      if (this.#failure) return this.#fail(this.#failure)
      this.#body?.drop()
      return this.#answer(refusalAnswer(route))
    }
    this.#route = route
    this.#connect(false)
  }

  #next(error: unknown): void {
    try {
      if (this.#route) followRoute(this, this.#route.next(error))
    } catch (cause) {
      this.breach(cause)
    }
  }

  #connect(fresh: boolean): void {
    this.#context.upstream.connect((this.#route as ServedRoute).endpoint as Endpoint, this, fresh)
  }

  /** The answer's status is followed by another try, and its body thrown away with the connection. */
  #tryLater(): void {
    this.tries++
    this.#connection?.abort()
    this.#connection = undefined
    this.#pause()
  }

  #pause(): void {
    const { clock } = this.#context.options
    this.#cancelPause = clock.after(this.#context.retry.pauseMs(this.tries), () => this.#connect(false))
  }

  #end(body: Buffer | undefined, trailers: readonly string[]): void {
    this.#reply.end(body, trailers)
    cutIfUnread(this.response, this.#context.options.idleTimeoutMs)
  }

  #answer(answer: ErrorAnswer): void {
    this.#reply.fail(answer)
    cutIfUnread(this.response, this.#context.options.idleTimeoutMs)
  }

  #drop(): void {
    this.#body?.drop()
    this.#connection?.abort()
    this.#connection = undefined
  }

  #fail(error: StickyError): void {
    if (this.#isOver) return
    this.#body?.drop()
    if (isAnsweredBy(this.#context.options.onError, error, this.#request, this.response)) return
    this.#answer(errorAnswer(error))
  }

  breach(cause: unknown): void {
    this.#fail(handlerError(cause))
  }
}
