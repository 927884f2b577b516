import type { Socket } from 'node:net'
import type { RequestHead } from '../headers/request-head.ts'
import { ChunkedDecoder, type ChunkedListener } from './chunked-decoder.ts'
import { type ExchangeLimits, MOST_INTERIM_RESPONSES, NO_TRAILERS } from './exchange-limits.ts'
import { survivesFailedWrites } from './failed-writes.ts'
import { lastChunk, requestText, writeChunk } from './request-text.ts'
import { type ParsedHead, parseResponseHead, startsAsHttp } from './response-head.ts'
import { sharedReadsOf } from './shared-reads.ts'
import type { ResponseReceiver, UpstreamConnection, UpstreamFailure } from './upstream.ts'

/** What a {@link Connection} tells its owner. */
export interface ConnectionOwner extends ExchangeLimits {
  /** The exchange is over and the connection can serve another. */
  idle(connection: Connection): void
  /** The connection has failed or is closed; called once. `wasInUse`: in the middle of an exchange, or after its end. */
  gone(connection: Connection, wasInUse: boolean): void
  /** The socket belongs to an upgraded stream now: it counts as in use until it is closed. */
  upgraded(connection: Connection, socket: Socket): void
}

const EMPTY: Buffer = Buffer.alloc(0)

/** One HTTP/1.1 connection to a pod: one exchange at a time, no pipelining. */
export class Connection implements UpstreamConnection, ChunkedListener {
  isReused = false
  readonly mayRefuse = false
  readonly #socket: Socket
  readonly #owner: ConnectionOwner
  /** What is read stands in a buffer of all sockets: what outlives the read is copied. */
  readonly #sharesReads: boolean
  #receiver: ResponseReceiver | undefined
  #request: RequestHead | undefined
  /** From the start of an exchange until the connection is idle again or gone. */
  #isInUse = true
  #isRequestDone = false
  #isResponseDone = false
  #isPaused = false
  #isGone = false
  /** A body was sent before, and the socket survives failed writes. */
  #isWriteSafe = false
  /** Bytes of a head that is not complete yet. */
  #partialHead: Buffer = EMPTY
  #interimResponses = 0
  #head: ParsedHead | undefined
  /** Bytes of a sized body still to come. */
  #left = 0
  #chunked: ChunkedDecoder | undefined
  readonly #listeners = {
    drain: () => this.#receiver?.drained(),
    timeout: () => this.#timedOut(),
    end: () => this.#ended(),
    error: (error: Error) => this.#fail('upstream-reset', 'the endpoint reset the connection', error),
    close: () => {
      this.#fail('upstream-reset', 'the endpoint closed the connection', undefined)
      this.#leave()
    },
  }

  /** Takes a connected socket without listeners. */
  constructor(socket: Socket, owner: ConnectionOwner) {
    this.#socket = socket
    this.#owner = owner
    socket.setTimeout(owner.responseTimeoutMs)
    for (const [event, listener] of Object.entries(this.#listeners)) socket.on(event, listener)
    const reads = sharedReadsOf(socket)
    this.#sharesReads = reads !== undefined
    if (reads) reads.to(this.#read)
    else socket.on('data', this.#read)
  }

  get isUsable(): boolean {
    return this.#receiver === undefined && this.#socket.writable && this.#socket.readable
  }

  /** Takes the idle connection into use. */
  take(): void {
    this.#isInUse = true
  }

  /** Nobody wants the connection any more, and nothing was sent. */
  free(): void {
    this.#isInUse = false
    this.#owner.idle(this)
  }

  send(head: RequestHead, receiver: ResponseReceiver): void {
    this.#receiver = receiver
    this.#request = head
    this.#isRequestDone = head.framing === 'none'
    this.#isResponseDone = false
    this.#interimResponses = 0
    this.#head = undefined
    if (head.framing !== 'none') {
      if (!this.#isWriteSafe) survivesFailedWrites(this.#socket)
      this.#isWriteSafe = true
      // The head alone would only wake the pod for nothing: it waits for what the client has sent with it.
      this.#socket.cork()
      process.nextTick(uncork, this.#socket)
    }
    this.#socket.write(requestText(head), 'latin1')
  }

  write(chunk: Buffer): boolean {
    const socket = this.#socket
    if (this.#request?.framing !== 'chunked') return socket.write(chunk)
    return writeChunk(socket, chunk)
  }

  finish(trailers: readonly string[]): void {
    if (this.#request?.framing === 'chunked') {
      this.#socket.write(lastChunk(trailers), 'latin1')
    }
    this.#isRequestDone = true
  }

  pause(): void {
    this.#isPaused = true
    this.#socket.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.#socket.resume()
  }

  abort(): void {
    this.#receiver = undefined
    this.#socket.destroy()
  }

  readonly #read = (chunk: Buffer): void => {
    if (!this.#receiver) {
      // An idle connection has nothing to say: what comes is an answer to no request.
      this.#socket.destroy()
      return
    }
    if (this.#head) this.#readBody(chunk)
    else this.#readHead(this.#partialHead.length === 0 ? chunk : Buffer.concat([this.#partialHead, chunk]))
  }

  #readHead(bytes: Buffer): void {
    const { maxHeadBytes } = this.#owner
    const end = bytes.indexOf('\r\n\r\n', 0, 'latin1')
    if (end < 0 ? bytes.length > maxHeadBytes : end > maxHeadBytes) {
      return this.#malformed(`its head is longer than ${maxHeadBytes} bytes (option "forward.maxHeadBytes")`)
    }
    if (end < 0) {
      if (!startsAsHttp(bytes)) return this.#malformed('it does not start as HTTP/1')
      this.#partialHead = this.#owned(bytes)
      return
    }
    this.#partialHead = EMPTY
    const head = parseResponseHead(bytes.toString('latin1', 0, end), this.#request?.method === 'HEAD')
    if (typeof head === 'string') return this.#malformed(head)
    const rest = bytes.subarray(end + 4)
    if (head.status === 101) return this.#upgrade(head, rest)
    if (head.status < 200) {
      if (++this.#interimResponses > MOST_INTERIM_RESPONSES) {
        return this.#malformed(`more than ${MOST_INTERIM_RESPONSES} interim responses came before it`)
      }
      this.#receiver?.interim(head)
      if (rest.length > 0 && this.#receiver) this.#readHead(rest)
      return
    }
    this.#start(head, rest)
  }

  #start(head: ParsedHead, rest: Buffer): void {
    const { framing } = head
    this.#head = head
    if (this.#owner.idleTimeoutMs !== this.#owner.responseTimeoutMs) {
      this.#socket.setTimeout(this.#owner.idleTimeoutMs)
    }
    if (framing === 'none' || framing === 0) {
      this.#receiver?.head(head, EMPTY)
      return this.#complete(NO_TRAILERS, rest.length > 0)
    }
    if (typeof framing === 'number' && rest.length >= framing) {
      this.#receiver?.head(head, this.#owned(rest.subarray(0, framing)))
      return this.#complete(NO_TRAILERS, rest.length > framing)
    }
    this.#left = typeof framing === 'number' ? framing : 0
    this.#chunked = framing === 'chunked' ? new ChunkedDecoder() : undefined
    this.#receiver?.head(head, rest.length > 0 ? 'here' : 'later')
    if (rest.length > 0) this.#readBody(rest)
  }

  /** Bytes of a chunked body. */
  data(bytes: Buffer): void {
    this.#receiver?.data(this.#owned(bytes))
  }

  #owned(bytes: Buffer): Buffer {
    return this.#sharesReads ? Buffer.from(bytes) : bytes
  }

  #readBody(bytes: Buffer): void {
    const receiver = this.#receiver
    if (!receiver || this.#isResponseDone) {
      this.#socket.destroy()
      return
    }
    if (this.#chunked) {
      const used = this.#chunked.read(bytes, this)
      if (typeof used === 'string') return this.#malformed(used)
      if (this.#chunked.isDone) this.#complete(this.#chunked.trailers, used < bytes.length)
    } else if (this.#head?.framing === 'until-close') {
      receiver.data(this.#owned(bytes))
    } else {
      const own = bytes.length > this.#left ? bytes.subarray(0, this.#left) : bytes
      this.#left -= own.length
      receiver.data(this.#owned(own))
      if (this.#left === 0) this.#complete(NO_TRAILERS, own.length < bytes.length)
    }
  }

  /** The response is complete. Bytes behind it belong to no request, so a connection that has some is ended. */
  #complete(trailers: readonly string[], hasMore: boolean): void {
    this.#isResponseDone = true
    const receiver = this.#receiver
    // A pod that answers before it has the whole request will not read the rest.
    const goesOn =
      this.#isRequestDone && !hasMore && this.#head?.keepsAlive === true && !this.#socket.destroyed
    if (goesOn) this.#release()
    else this.abort()
    receiver?.ended(trailers)
  }

  #release(): void {
    this.#receiver = undefined
    this.isReused = true
    this.#isInUse = false
    if (this.#isPaused) this.resume()
    if (this.#owner.idleTimeoutMs !== this.#owner.responseTimeoutMs) {
      this.#socket.setTimeout(this.#owner.responseTimeoutMs)
    }
    this.#owner.idle(this)
  }

  #upgrade(head: ParsedHead, rest: Buffer): void {
    const receiver = this.#receiver
    this.#receiver = undefined
    const socket = this.#socket
    for (const [event, listener] of Object.entries(this.#listeners)) socket.off(event, listener)
    socket.off('data', this.#read)
    socket.setTimeout(0)
    socket.pause()
    this.#owner.upgraded(this, socket)
    receiver?.upgraded(head, socket, rest)
  }

  #ended(): void {
    if (this.#head?.framing === 'until-close' && this.#receiver && !this.#isResponseDone) {
      return this.#complete(NO_TRAILERS, false)
    }
    this.#fail('upstream-reset', 'the endpoint closed the connection', undefined)
    this.#socket.destroy()
  }

  #timedOut(): void {
    if (this.#isPaused) return this.#end('client-stalled', 'the client stopped reading', undefined)
    if (!this.#isRequestDone && this.#socket.writableLength === 0) {
      return this.#end('client-stalled', 'the client stopped sending its request', undefined)
    }
    this.#end('upstream-timeout', 'the endpoint did not answer in time', undefined)
  }

  #malformed(what: string): void {
    this.#end('upstream-malformed', `the endpoint's response is no HTTP/1.1: ${what}`, undefined)
  }

  #end(code: UpstreamFailure['code'], message: string, cause: unknown): void {
    this.#fail(code, message, cause)
    this.#socket.destroy()
  }

  #fail(code: UpstreamFailure['code'], message: string, cause: unknown): void {
    const receiver = this.#receiver
    this.#receiver = undefined
    const isUnanswered = !this.#head && this.#partialHead.length === 0 && this.#interimResponses === 0
    if (!receiver) return
    // Before the receiver hears of it, who may want another connection to the same endpoint in this one's place.
    this.#leave()
    receiver.failed({ code, message, cause, isUnanswered, isUnprocessed: false })
  }

  #leave(): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#owner.gone(this, this.#isInUse)
  }
}

function uncork(socket: Socket): void {
  socket.uncork()
}
