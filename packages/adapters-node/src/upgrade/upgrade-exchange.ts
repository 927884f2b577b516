import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type Route, type ServedRoute, StickyError } from '@limpet/core'
import { type ErrorAnswer, errorAnswer, refusalAnswer } from '../error-answer.ts'
import { handlerError } from '../failure-error.ts'
import type { ForwardContext } from '../forward-context.ts'
import { requestError } from '../headers/request-check.ts'
import { responseHeaders } from '../headers/response-headers.ts'
import { trailerFields } from '../headers/trailer-fields.ts'
import { tellResponseHead } from '../hooks.ts'
import { outgoingHead } from '../outgoing-head.ts'
import { RequestAbort } from '../request-abort.ts'
import { followRoute, type RouteTaker } from '../route-taker.ts'
import type {
  ConnectCaller,
  ResponseHead,
  ResponseReceiver,
  UpstreamConnection,
  UpstreamFailure,
} from '../upstream/upstream.ts'
import { ClientAnswer } from './client-answer.ts'
import type { OpenStreams } from './open-streams.ts'
import { agreedProtocols, askedProtocols } from './protocols.ts'
import { reset, UpgradedStream } from './upgraded-stream.ts'

/** Where an exchange belongs. */
export interface UpgradeHost {
  readonly context: ForwardContext
  readonly streams: OpenStreams
  /** The exchange is over: answered, broken off, or a stream now. */
  over(exchange: UpgradeExchange): void
}

/**
 * One request to switch protocols, from its route to the pod's answer. If that is 101, an {@link UpgradedStream} takes over
 * and nothing of this is kept; if it is another, the client gets it.
 */
export class UpgradeExchange implements ConnectCaller, ResponseReceiver, RouteTaker {
  readonly needsHttp1 = true
  stopConnecting: (() => void) | undefined
  readonly #host: UpgradeHost
  readonly #request: IncomingMessage
  readonly #client: Duplex
  /** What the client sent behind its request. The pod gets it when it has switched, not before. */
  readonly #early: Buffer
  readonly #protocols: string | undefined
  readonly #answer: ClientAnswer
  readonly #abort = new RequestAbort()
  #route: ServedRoute | undefined
  #connection: UpstreamConnection | undefined
  #isOver = false

  constructor(host: UpgradeHost, request: IncomingMessage, client: Duplex, early: Buffer) {
    this.#host = host
    this.#request = request
    this.#client = client
    this.#early = early
    this.#protocols = askedProtocols(request.rawHeaders, request.httpVersion)
    this.#answer = new ClientAnswer(client, request, host.context.options)
    client.allowHalfOpen = true
    client.on('error', ignored).on('close', this.#closed)
  }

  /** Routes the request and asks the pod to switch protocols. Never throws. */
  start(): void {
    if (this.#client.destroyed) return this.#end()
    const malformed = requestError(this.#request)
    if (malformed) return this.refuse(errorAnswer(malformed))
    try {
      followRoute(this, this.#host.context.routing.route(this.#request, this.#abort))
    } catch (error) {
      this.breach(error)
    }
  }

  /** Answers with an error, or cuts an answer that has begun. */
  refuse(answer: ErrorAnswer): void {
    if (this.#isOver) return
    if (this.#answer.hasBegun) this.#answer.cut()
    else this.#answer.error(answer)
    this.#end()
  }

  /** Ends it at once. */
  cut(): void {
    this.#client.destroy()
    this.#end()
  }

  get isCancelled(): boolean {
    return this.#isOver
  }

  connected(connection: UpstreamConnection): void {
    const route = this.#route as ServedRoute
    const request = this.#request
    const { options } = this.#host.context
    this.#connection = connection
    try {
      const about = { framing: 'none', upgrade: this.#protocols } as const
      connection.send(outgoingHead(request, route, about, options), this)
    } catch (error) {
      this.breach(error)
    }
  }

  connectFailed(error: Error): void {
    this.#next(error)
  }

  refused(error: Error): void {
    this.refuse(errorAnswer(error as StickyError))
  }

  /** Before 101 or another answer: the client of an upgrade has no use for it. */
  interim(): void {}

  /** The pod did not switch: the client gets its answer. */
  head(head: ResponseHead, body: Buffer | 'here' | 'later'): void {
    const { status, reason } = head
    void this.#route?.settle({ status })
    const headers = this.#headers(head)
    if (headers) this.#answer.head(status, reason, headers, body)
  }

  data(chunk: Buffer): void {
    if (this.#answer.write(chunk)) return
    this.#connection?.pause()
    this.#client.once('drain', () => this.#connection?.resume())
  }

  ended(trailers: readonly string[]): void {
    this.#connection = undefined
    this.#answer.end(trailerFields(trailers))
    this.#end()
  }

  upgraded(head: ResponseHead, pod: Socket, rest: Buffer): void {
    this.#connection = undefined
    const protocols = agreedProtocols(head.rawHeaders, this.#protocols)
    if (this.#isOver || protocols === undefined) {
      reset(pod.on('error', ignored))
      const message = 'the endpoint switched to a protocol that it was not asked for'
      return this.#fail(new StickyError('upstream-malformed', message))
    }
    const route = this.#route as ServedRoute
    const { streams } = this.#host
    void route.settle({ status: head.status })
    const headers = this.#headers(head)
    if (!headers) return reset(pod.on('error', ignored))
    this.#answer.switched(head.reason, headers, protocols, rest)
    if (this.#early.length > 0) pod.write(this.#early)
    // The stream has a listener of its own; two make a list, and thousands of streams may be held.
    this.#client.off('error', ignored)
    const stream = new UpgradedStream(this.#client, pod, route, streams)
    this.#leave()
    stream.start()
  }

  failed({ code, message, cause }: UpstreamFailure): void {
    this.#connection = undefined
    this.#fail(new StickyError(code, message, { cause }))
  }

  drained(): void {}

  /** The headers of the pod's answer as the client gets them; undefined if a hook has failed, and the client got an error. */
  #headers(head: ResponseHead): string[] | undefined {
    const { options } = this.#host.context
    const headers = responseHeaders(head, options.via)
    try {
      tellResponseHead(options, head.status, headers, this.#request, this.#route as ServedRoute)
      return headers
    } catch (error) {
      this.breach(error)
      return undefined
    }
  }

  take(route: Route): void {
    if (this.#isOver) return route.done()
    if (route.kind === 'refused') {
      route.done()
      return this.refuse(refusalAnswer(route))
    }
    this.#route = route
    // Never a kept connection: the pod may be closing it, and the request could not be repeated.
    this.#host.context.upstream.connect(route.endpoint, this, true)
  }

  #next(error: unknown): void {
    try {
      if (this.#route) followRoute(this, this.#route.next(error))
    } catch (cause) {
      this.breach(cause)
    }
  }

  #fail(error: StickyError): void {
    if (error.code.startsWith('upstream-')) void this.#route?.settle({ error })
    this.refuse(errorAnswer(error))
  }

  breach(cause: unknown): void {
    this.refuse(errorAnswer(handlerError(cause)))
  }

  readonly #closed = (): void => this.#end()

  #end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#abort.abort()
    this.stopConnecting?.()
    this.#connection?.abort()
    this.#connection = undefined
    this.#route?.done()
    this.#leave()
  }

  #leave(): void {
    this.#isOver = true
    this.#client.off('close', this.#closed)
    this.#host.over(this)
  }
}

/** `close` follows. */
function ignored(): void {}
