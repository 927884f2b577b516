import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { type Clock, type Endpoint, StickyError } from '@limpet/core'
import { Connection, type ConnectionOwner } from './connection.ts'
import type { ConnectCaller, Upstream } from './upstream.ts'

/** Options of {@link Connections}; all are checked by `forward()`. */
export interface ConnectionsOptions {
  readonly connectTimeoutMs: number
  readonly responseTimeoutMs: number
  readonly idleTimeoutMs: number
  /** An idle connection is kept this long. Shorter than the 5 s after which a node:http pod closes it. */
  readonly keepAliveMs: number
  readonly maxHeadBytes: number
  readonly tls: ConnectionOptions
  readonly clock: Clock
}

/** An idle connection, and since when. */
interface Idle {
  readonly connection: Connection
  readonly since: number
}

/**
 * HTTP/1.1 connections, kept alive, each endpoint's apart: after a fail-over a connection is never filed under the name
 * of the endpoint it was first meant for. The connection used last is taken first, so that those not needed grow old.
 */
export class Connections implements Upstream {
  readonly #options: ConnectionsOptions
  /** Weak: with an endpoint that is gone its list goes too. */
  readonly #idle = new WeakMap<Endpoint, Idle[]>()
  readonly #lists = new Set<Idle[]>()
  readonly #open = new Set<Connection>()
  readonly #connecting = new Set<Socket>()
  #cancelSweep: (() => void) | undefined
  #isClosed = false

  constructor(options: ConnectionsOptions) {
    this.#options = options
  }

  connect(endpoint: Endpoint, caller: ConnectCaller, fresh: boolean): void {
    if (this.#isClosed) return caller.connectFailed(new StickyError('closed', 'forward() was closed'))
    const idle = fresh ? undefined : this.#idleTo(endpoint)
    if (idle) caller.connected(idle)
    else this.#dial(endpoint, caller)
  }

  close(): void {
    this.#isClosed = true
    this.#cancelSweep?.()
    for (const list of this.#lists) for (const { connection } of list.splice(0)) connection.abort()
    this.#lists.clear()
  }

  destroy(): void {
    this.close()
    for (const socket of this.#connecting) socket.destroy()
    for (const connection of this.#open) connection.abort()
  }

  #idleTo(endpoint: Endpoint): Connection | undefined {
    const list = this.#idle.get(endpoint)
    const oldest = this.#options.clock.now() - this.#options.keepAliveMs
    for (let last = list?.pop(); last; last = list?.pop()) {
      if (last.connection.isUsable && last.since > oldest) return last.connection
      last.connection.abort()
    }
    return undefined
  }

  #dial(endpoint: Endpoint, caller: ConnectCaller): void {
    const { connectTimeoutMs, tls } = this.#options
    const { host, port, protocol } = endpoint
    const isTls = protocol === 'https:'
    const socket = isTls
      ? connectTls({
          ...(isIP(host) === 0 && { servername: host }),
          ALPNProtocols: ['http/1.1'],
          ...tls,
          host,
          port,
        })
      : connectTcp({ host, port })
    this.#connecting.add(socket)
    const stood = isTls ? 'secureConnect' : 'connect'
    const leave = () => {
      this.#connecting.delete(socket)
      socket.off(stood, connected).off('error', failed).off('timeout', timedOut).off('close', closed)
    }
    const connected = () => {
      leave()
      socket.setNoDelay(true)
      const connection = this.#adopt(endpoint, socket)
      if (caller.isCancelled) this.#keep(endpoint, connection)
      else caller.connected(connection)
    }
    const giveUp = (error: StickyError) => {
      leave()
      // Destroying a socket may still report an error that nobody waits for.
      socket.on('error', () => undefined)
      socket.destroy()
      if (!caller.isCancelled) caller.connectFailed(error)
    }
    const name = `${protocol}//${host.includes(':') ? `[${host}]` : host}:${port}`
    const failed = (cause: Error) =>
      giveUp(new StickyError('connect-failed', `${name} cannot be connected`, { cause }))
    const closed = () => giveUp(new StickyError('connect-failed', `${name} closed the connection at once`))
    const timedOut = () => {
      const limit = `${connectTimeoutMs} ms (option "forward.connectTimeoutMs")`
      giveUp(new StickyError('connect-timeout', `${name} did not accept a connection within ${limit}`))
    }
    socket.setTimeout(connectTimeoutMs)
    socket.once(stood, connected).once('error', failed).once('timeout', timedOut).once('close', closed)
  }

  #adopt(endpoint: Endpoint, socket: Socket): Connection {
    const { maxHeadBytes, responseTimeoutMs, idleTimeoutMs } = this.#options
    const owner: ConnectionOwner = {
      maxHeadBytes,
      responseTimeoutMs,
      idleTimeoutMs,
      idle: (connection) => this.#keep(endpoint, connection),
      gone: (connection) => this.#open.delete(connection),
    }
    const connection = new Connection(socket, owner)
    this.#open.add(connection)
    return connection
  }

  #keep(endpoint: Endpoint, connection: Connection): void {
    if (this.#isClosed) return connection.abort()
    let list = this.#idle.get(endpoint)
    if (!list) {
      list = []
      this.#idle.set(endpoint, list)
    }
    this.#lists.add(list)
    list.push({ connection, since: this.#options.clock.now() })
    this.#cancelSweep ??= this.#options.clock.after(this.#options.keepAliveMs, () => this.#sweep())
  }

  /** Ends what was idle for too long and that no request has come across. */
  #sweep(): void {
    this.#cancelSweep = undefined
    const oldest = this.#options.clock.now() - this.#options.keepAliveMs
    for (const list of this.#lists) {
      const firstYoung = list.findIndex(({ since }) => since > oldest)
      const expired = list.splice(0, firstYoung < 0 ? list.length : firstYoung)
      for (const { connection } of expired) connection.abort()
      if (list.length === 0) this.#lists.delete(list)
    }
    if (this.#lists.size === 0) return
    this.#cancelSweep = this.#options.clock.after(this.#options.keepAliveMs, () => this.#sweep())
  }
}
