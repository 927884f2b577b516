import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type Route, type Routing, type ServedRoute, StickyError } from '@limpet/core'
import { type ErrorAnswer, errorAnswer, refusalAnswer } from '../error-answer.ts'
import { movedCause } from '../headers/moved-header.ts'
import { bodyFraming, requestHead } from '../headers/request-head.ts'
import type { CheckedForwardOptions } from '../options.ts'
import { RequestAbort } from '../request-abort.ts'
import type {
  ConnectCaller,
  ResponseHead,
  ResponseReceiver,
  Upstream,
  UpstreamConnection,
  UpstreamFailure,
} from '../upstream/upstream.ts'
import { ClientAnswer } from './client-answer.ts'
import type { OpenStreams } from './open-streams.ts'
import { agreedProtocols, askedProtocols } from './protocols.ts'
import { reset, UpgradedStream } from './upgraded-stream.ts'

/** Where an exchange belongs. */
export interface UpgradeHost {
  readonly routing: Routing
  readonly upstream: Upstream
  readonly options: CheckedForwardOptions
  readonly streams: OpenStreams
  /** The exchange is over: answered, broken off, or a stream now. */
  over(exchange: UpgradeExchange): void
}

const BODY: ErrorAnswer = {
  status: 400,
  code: 'upgrade-with-body',
  message: 'a request to switch protocols cannot be forwarded with a body',
}

/**
 * One request to switch protocols, from its route to the pod's answer. If that is 101, an {@link UpgradedStream} takes over
 * and nothing of this is kept; if it is another, the client gets it.
 */
export class UpgradeExchange implements ConnectCaller, ResponseReceiver {
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
    this.#answer = new ClientAnswer(client, request, host.options)
    client.allowHalfOpen = true
    client.on('error', ignored).on('close', this.#closed)
  }

  /** Routes the request and asks the pod to switch protocols. Never throws. */
  start(): void {
    if (this.#client.destroyed) return this.#end()
    // node:http before 26 leaves the body on the socket, undecoded, where it would pass for the first bytes of the stream.
    if (bodyFraming(this.#request) !== 'none') return this.refuse(BODY)
    try {
      this.#follow(this.#host.routing.route(this.#request, this.#abort))
    } catch (error) {
      this.#breach(error)
    }
  }

  /** Answers with an error, or cuts an answer that has begun. */
  refuse(answer: ErrorAnswer): void {
    if (this.#isOver) return
    if (this.#answer.hasBegun) this.#answer.cut()
    else this.#answer.error(answer)
    this.#end()
  }

  get isCancelled(): boolean {
    return this.#isOver
  }

  connected(connection: UpstreamConnection): void {
    const route = this.#route as ServedRoute
    const request = this.#request
    this.#connection = connection
    try {
      connection.send(
        requestHead(request, route.endpoint, 'none', this.#host.options, this.#protocols, movedCause(route)),
        this,
        request.method === 'HEAD',
        'none',
      )
      connection.finishRequest()
    } catch (error) {
      this.#breach(error)
    }
  }

  connectFailed(error: Error): void {
    this.#next(error)
  }

  /** The pod did not switch: the client gets its answer. */
  head(head: ResponseHead, body: Buffer | 'here' | 'later'): void {
    void this.#route?.settle({ status: head.status })
    this.#answer.head(head, body)
  }

  data(chunk: Buffer): void {
    if (this.#answer.write(chunk)) return
    this.#connection?.pause()
    this.#client.once('drain', () => this.#connection?.resume())
  }

  ended(trailers: readonly string[]): void {
    this.#connection = undefined
    this.#answer.end(trailers)
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
    this.#leave()
    this.#answer.switched(head, protocols, rest)
    if (this.#early.length > 0) pod.write(this.#early)
    new UpgradedStream(this.#client, pod, route, streams).start()
  }

  failed({ code, message, cause }: UpstreamFailure): void {
    this.#connection = undefined
    this.#fail(new StickyError(code, message, { cause }))
  }

  drained(): void {}

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
      return this.refuse(refusalAnswer(route))
    }
    this.#route = route
    // Never a kept connection: the pod may be closing it, and the request could not be repeated.
    this.#host.upstream.connect(route.endpoint, this, true)
  }

  #next(error: unknown): void {
    if (this.#route) this.#follow(this.#route.next(error))
  }

  #fail(error: StickyError): void {
    if (error.code.startsWith('upstream-')) void this.#route?.settle({ error })
    this.refuse(errorAnswer(error))
  }

  /** A routing or an option function threw, which its contract forbids. */
  #breach(cause: unknown): void {
    this.refuse(errorAnswer(new StickyError('closed', 'the routing failed', { cause })))
  }

  readonly #closed = (): void => this.#end()

  #end(): void {
    if (this.#isOver) return
    this.#leave()
    this.#abort.abort()
    this.#connection?.abort()
    this.#connection = undefined
    this.#route?.done()
  }

  #leave(): void {
    this.#isOver = true
    this.#client.off('close', this.#closed)
    this.#host.over(this)
  }
}

/** `close` follows. */
function ignored(): void {}
