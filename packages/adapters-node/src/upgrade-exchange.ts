import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type Route, type ServedRoute, StickyError } from '@limpet/core'
import { answerErrorOnSocket, type ErrorAnswer, errorAnswer, refusalAnswer } from './error-answer.ts'
import type { ForwardContext } from './forward-context.ts'
import { movedCause } from './headers/moved-header.ts'
import { requestError } from './headers/request-check.ts'
import { requestHead } from './headers/request-head.ts'
import { responseHeaders } from './headers/response-headers.ts'
import { upgradeOffer } from './headers/upgrade-offer.ts'
import { tellRequestHead } from './hooks.ts'
import { RequestAbort } from './request-abort.ts'
import type {
  ConnectCaller,
  ResponseHead,
  ResponseReceiver,
  UpstreamConnection,
  UpstreamFailure,
} from './upstream/upstream.ts'

/** One upgrade, from its route to the end of the stream. The lease is held, and the key in use, as long as the stream. */
export class UpgradeExchange implements ConnectCaller, ResponseReceiver {
  readonly needsHttp1 = true
  readonly #context: ForwardContext
  readonly #request: IncomingMessage
  readonly #client: Duplex
  /** What the client sent behind its request. */
  readonly #early: Buffer
  readonly #abort = new RequestAbort()
  #route: ServedRoute | undefined
  #connection: UpstreamConnection | undefined
  #pod: Socket | undefined
  #hasAnswered = false
  #isOver = false

  constructor(context: ForwardContext, request: IncomingMessage, client: Duplex, early: Buffer) {
    this.#context = context
    this.#request = request
    this.#client = client
    this.#early = early
  }

  /** Routes the request and asks the pod to switch protocols. Never throws. */
  start(): void {
    this.#client.on('error', () => this.cut())
    this.#client.once('close', () => this.#end())
    if (this.#client.destroyed) return this.#end()
    const malformed = requestError(this.#request)
    if (malformed) return this.#answer(errorAnswer(malformed))
    try {
      this.#follow(this.#context.routing.route(this.#request, this.#abort))
    } catch (error) {
      this.#breach(error)
    }
  }

  /** Ends both sides at once. */
  cut(): void {
    this.#client.destroy()
  }

  get isCancelled(): boolean {
    return this.#isOver
  }

  connected(connection: UpstreamConnection): void {
    const route = this.#route as ServedRoute
    this.#connection = connection
    const { options } = this.#context
    const upgrade = upgradeOffer(this.#request.rawHeaders)
    try {
      const about = {
        framing: 'none',
        endpoint: route.endpoint,
        upgrade,
        movedCause: movedCause(route),
      } as const
      const head = requestHead(this.#request, about, options)
      tellRequestHead(options, head, this.#request, route)
      connection.send(head, this)
    } catch (error) {
      connection.abort()
      this.#breach(error)
    }
  }

  connectFailed(error: Error): void {
    this.#next(error)
  }

  refused(error: Error): void {
    this.#answer(errorAnswer(error as StickyError))
  }

  interim(): void {}

  /** The pod did not switch: its answer goes to the client, delimited by the end of the connection. */
  head({ status, reason, rawHeaders }: ResponseHead, body: Buffer | 'here' | 'later'): void {
    void this.#route?.settle({ status })
    this.#hasAnswered = true
    this.#client.write(
      headText(status, reason, [...responseHeaders(rawHeaders), 'Connection', 'close']),
      'latin1',
    )
    if (typeof body !== 'string' && body.length > 0) this.#client.write(body)
  }

  data(chunk: Buffer): void {
    if (this.#client.write(chunk)) return
    this.#connection?.pause()
    this.#client.once('drain', () => this.#connection?.resume())
  }

  ended(): void {
    this.#connection = undefined
    this.#client.end()
  }

  upgraded({ status, reason, rawHeaders }: ResponseHead, pod: Socket, rest: Buffer): void {
    this.#connection = undefined
    if (this.#isOver) {
      pod.on('error', () => undefined).destroy()
      return
    }
    if (upgradeOffer(this.#request.rawHeaders) === undefined) {
      pod.on('error', () => undefined).destroy()
      const message = 'the endpoint switched protocols without being asked to'
      return this.#answer(errorAnswer(new StickyError('upstream-malformed', message)))
    }
    this.#pod = pod
    void this.#route?.settle({ status })
    // Read before responseHeaders takes out what concerns one connection alone.
    const protocol = headerOf(rawHeaders, 'upgrade')
    const headers = [...responseHeaders(rawHeaders), 'Connection', 'Upgrade', 'Upgrade', protocol]
    const client = this.#client
    client.write(headText(status, reason, headers), 'latin1')
    if (rest.length > 0) client.write(rest)
    if (this.#early.length > 0) pod.write(this.#early)
    pod.on('error', () => this.cut())
    pod.once('close', () => client.end())
    // pipe() ends the other side when one side has ended, so that a half-closed stream can still be drained.
    pod.pipe(client)
    client.pipe(pod)
  }

  failed(failure: UpstreamFailure): void {
    const { code, message, cause } = failure
    const wasReused = this.#connection?.isReused === true
    this.#connection = undefined
    if (this.#isOver) return
    if (wasReused && this.#context.retry.afterFailure(REPEATABLE, failure)) {
      this.#context.upstream.connect((this.#route as ServedRoute).endpoint, this, true)
    } else {
      const error = new StickyError(code, message, { cause })
      if (code.startsWith('upstream-')) void this.#route?.settle({ error })
      this.#answer(errorAnswer(error))
    }
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
      return this.#answer(refusalAnswer(route))
    }
    this.#route = route
    this.#context.upstream.connect(route.endpoint, this, false)
  }

  #next(error: unknown): void {
    if (this.#route) this.#follow(this.#route.next(error))
  }

  #answer(answer: ErrorAnswer): void {
    if (this.#isOver) return
    if (this.#hasAnswered) return this.cut()
    answerErrorOnSocket(this.#client, answer)
  }

  #breach(cause: unknown): void {
    this.#answer(
      errorAnswer(new StickyError('handler-failed', 'a function of the gateway failed', { cause })),
    )
  }

  #end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#abort.abort()
    this.#connection?.abort()
    this.#connection = undefined
    this.#pod?.destroy()
    this.#route?.done()
  }
}

/** An upgrade is a GET without a body, and tried again only on a connection that was kept. */
const REPEATABLE = { method: 'GET', hasBody: false, isBodyWhole: true, tries: 0 } as const

function headText(status: number, reason: string, headers: readonly string[]): string {
  let text = `HTTP/1.1 ${status} ${reason}\r\n`
  for (let i = 0; i + 1 < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`
  return `${text}\r\n`
}

function headerOf(rawHeaders: readonly string[], lowerName: string): string {
  const at = rawHeaders.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === lowerName)
  return rawHeaders[at + 1] ?? ''
}
