import type { Socket } from 'node:net'
import type { Clock, Endpoint } from '@limpet/core'
import { StickyError } from '@limpet/core'
import { Connection, type ConnectionOwner } from './connection.ts'
import { type DialCaller, type DialOptions, dial } from './dial.ts'
import { EndpointSlots, type SlotLimits } from './endpoint-slots.ts'
import type { ExchangeLimits } from './exchange-limits.ts'
import { Http2Connections, type Http2Owner } from './http2/http2-connections.ts'
import type { ConnectCaller } from './upstream.ts'

/** Options of {@link EndpointConnections}; all are checked by `forward()`. */
export interface ConnectionsOptions extends ExchangeLimits, DialOptions, SlotLimits {
  /** An idle connection is kept this long. Shorter than the 5 s after which a node:http pod closes it. */
  readonly keepAliveMs: number
  readonly clock: Clock
}

/** An idle connection, and since when. */
interface Idle {
  readonly connection: Connection
  readonly since: number
}

/**
 * The connections to one endpoint. Of HTTP/1.1 the one used last is taken first, so that those not needed grow old; what
 * HTTP/2 can carry goes its own way.
 */
export class EndpointConnections implements ConnectionOwner, Http2Owner {
  /** False once the list of all connections has forgotten this one, which then must not be used any more. */
  isListed = true
  readonly responseTimeoutMs: number
  readonly idleTimeoutMs: number
  readonly maxHeadBytes: number
  readonly #endpoint: Endpoint
  readonly #options: ConnectionsOptions
  readonly #becameIdle: () => void
  readonly #slots: EndpointSlots
  readonly #idle: Idle[] = []
  readonly #open = new Set<Connection>()
  readonly #connecting = new Set<Socket>()
  readonly #http2: Http2Connections | undefined
  readonly #release: () => void
  #isClosed = false

  /** `becameIdle`: told when a connection is kept that has to be ended after `keepAliveMs`. */
  constructor(endpoint: Endpoint, options: ConnectionsOptions, becameIdle: () => void) {
    this.#endpoint = endpoint
    this.#options = options
    this.#becameIdle = becameIdle
    this.#slots = new EndpointSlots(endpoint, options)
    this.#release = () => this.#slots.release()
    this.#http2 = endpoint.httpVersion === '2' ? new Http2Connections(endpoint, options, this) : undefined
    this.responseTimeoutMs = options.responseTimeoutMs
    this.idleTimeoutMs = options.idleTimeoutMs
    this.maxHeadBytes = options.maxHeadBytes
  }

  /** Nothing is open, in flight or waiting. */
  get isUnused(): boolean {
    const isHttp1Unused = this.#open.size === 0 && this.#connecting.size === 0
    return isHttp1Unused && this.#slots.isUnused && this.#http2?.isUnused !== false
  }

  connect(caller: ConnectCaller, fresh: boolean): void {
    if (this.#slots.tryTake()) this.#enter(caller, fresh)
    else this.#slots.wait(caller, () => this.#enter(caller, fresh))
  }

  /** Ends connections that are idle since `oldest` or longer; answers whether some are left. */
  sweep(oldest: number): boolean {
    const firstYoung = this.#idle.findIndex(({ since }) => since > oldest)
    const expired = this.#idle.splice(0, firstYoung < 0 ? this.#idle.length : firstYoung)
    for (const { connection } of expired) connection.abort()
    const isHttp2Left = this.#http2?.sweep() === true
    return this.#idle.length > 0 || isHttp2Left
  }

  close(): void {
    this.#isClosed = true
    this.#http2?.close()
    this.#slots.close(new StickyError('closed', 'forward() was closed'))
    for (const { connection } of this.#idle.splice(0)) connection.abort()
  }

  destroy(): void {
    this.close()
    this.#http2?.destroy()
    for (const socket of this.#connecting) socket.destroy()
    for (const connection of this.#open) connection.abort()
  }

  idle(connection: Connection): void {
    this.#keep(connection)
    this.#slots.release()
  }

  gone(connection: Connection, wasInUse: boolean): void {
    this.#open.delete(connection)
    if (wasInUse) this.#slots.release()
  }

  upgraded(connection: Connection, socket: Socket): void {
    this.#open.delete(connection)
    // Not `once`, which wraps the function for each of what may be thousands of streams.
    socket.on('close', this.#release)
  }

  released(): void {
    this.#slots.release()
  }

  becameIdle(): void {
    this.#becameIdle()
  }

  declined(socket: Socket, callers: readonly ConnectCaller[]): void {
    const [first, ...others] = callers.filter(({ isCancelled }) => !isCancelled)
    for (let cancelled = callers.length - others.length - (first ? 1 : 0); cancelled > 0; cancelled--) {
      this.#slots.release()
    }
    if (first) this.#adopt(socket, first)
    else socket.destroy()
    for (const caller of others) this.#enter(caller, false)
  }

  /** Has a slot, and brings the caller to a connection. */
  #enter(caller: ConnectCaller, fresh: boolean): void {
    // The connections that HTTP/2 takes are never broken ones, so `fresh` says nothing here.
    if (this.#http2 && !this.#http2.isDeclined && !caller.needsHttp1) return this.#http2.connect(caller)
    const idle = fresh ? undefined : this.#takeIdle()
    if (idle) caller.connected(idle)
    else this.#dial(caller)
  }

  #takeIdle(): Connection | undefined {
    const oldest = this.#options.clock.now() - this.#options.keepAliveMs
    for (let last = this.#idle.pop(); last; last = this.#idle.pop()) {
      if (last.connection.isUsable && last.since > oldest) {
        last.connection.take()
        return last.connection
      }
      last.connection.abort()
    }
    return undefined
  }

  #dial(caller: ConnectCaller): void {
    const dialCaller: DialCaller = {
      connected: (stood) => {
        this.#connecting.delete(stood)
        caller.stopConnecting = undefined
        this.#adopt(stood, caller)
      },
      failed: (error) => {
        this.#connecting.delete(socket)
        caller.stopConnecting = undefined
        this.#slots.release()
        if (caller.isCancelled) return
        // Another pod would be no better, and no key moves for it.
        if (error.code === 'gateway-exhausted') caller.refused(error)
        else caller.connectFailed(error)
      },
    }
    // An upgraded stream reads its socket itself.
    const socket = dial(this.#endpoint, ['http/1.1'], this.#options, dialCaller, !caller.needsHttp1)
    this.#connecting.add(socket)
    caller.stopConnecting = () => socket.destroy()
  }

  #adopt(socket: Socket, caller: ConnectCaller): void {
    const connection = new Connection(socket, this)
    this.#open.add(connection)
    if (caller.isCancelled) connection.free()
    else caller.connected(connection)
  }

  #keep(connection: Connection): void {
    if (this.#isClosed || this.#options.keepAliveMs === 0) return connection.abort()
    this.#idle.push({ connection, since: this.#options.clock.now() })
    this.#becameIdle()
  }
}
