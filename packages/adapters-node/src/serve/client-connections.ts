import type { ServerHttp2Session } from 'node:http2'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Clock } from '@limpet/core'
import type { OpenExchanges } from '../open-exchanges.ts'
import type { ClientServer } from './client-server.ts'

/** A connection without a request under way is ended after this long without a byte: one may be on its way. */
const QUIET_MS = 500

/** What a connection had received, and since when. */
interface Quiet {
  readonly bytes: number
  readonly since: number
}

/** The connections of the clients, and how they end: told to go, ended when they are quiet, cut. */
export class ClientConnections {
  readonly #open: OpenExchanges
  readonly #clock: Clock
  /** As they were accepted: under TLS what carries it. */
  readonly #accepted = new Set<Socket>()
  /** Those whose TLS handshake is done. */
  readonly #secured = new Set<TLSSocket>()
  readonly #sessions = new Set<ServerHttp2Session>()
  readonly #quiet = new WeakMap<Socket, Quiet>()
  readonly #isTls: boolean
  #state: 'kept' | 'told' | 'ending' = 'kept'

  constructor(server: ClientServer, isTls: boolean, open: OpenExchanges, clock: Clock) {
    this.#open = open
    this.#clock = clock
    this.#isTls = isTls
    server.on('connection', (socket: Socket) => hold(this.#accepted, socket))
    server.on('secureConnection', (socket: TLSSocket) => hold(this.#secured, socket))
    server.on('session', (session: ServerHttp2Session) => {
      hold(this.#sessions, session)
      session.once('stream', () => {
        if (this.#state === 'ending') session.close()
      })
    })
  }

  /** Answers from now on are to end their connections. */
  get areTold(): boolean {
    return this.#state !== 'kept'
  }

  /** Tells the clients to go: by `Connection: close` with each answer, by GOAWAY. Requests that come are still served. */
  tell(): void {
    if (this.#state === 'kept') this.#state = 'told'
    this.#open.endConnections()
    for (const session of this.#sessions) session.close()
  }

  /** The same, and what is quiet is ended by {@link endQuiet}, which is to be called again and again from now on. */
  end(): void {
    this.#state = 'ending'
    this.tell()
  }

  /** Ends the connections that have no request under way, and have not sent anything for a while. */
  endQuiet(): void {
    const now = this.#clock.now()
    const busy = new Set<unknown>()
    for (const { req } of this.#open.responses) busy.add(req.socket)
    const isQuiet = (socket: Socket) => {
      const { bytesRead } = socket
      const quiet = this.#quiet.get(socket)
      if (quiet?.bytes === bytesRead) return now - quiet.since >= QUIET_MS
      this.#quiet.set(socket, { bytes: bytesRead, since: now })
      return false
    }
    for (const session of this.#sessions) {
      // Reading the socket of one that is destroyed throws.
      if (!session.closed && !session.destroyed && isQuiet(session.socket as Socket)) session.close()
    }
    const isDone = (socket: Socket) =>
      !socket.writableEnded && !busy.has(socket) && !this.#open.isUpgraded(socket) && isQuiet(socket)
    for (const socket of this.#isTls ? this.#secured : this.#accepted) {
      if ((socket as TLSSocket).alpnProtocol !== 'h2' && isDone(socket)) socket.destroySoon()
    }
    // What is left then are handshakes that have stopped.
    if (this.#isTls && this.#secured.size === 0) {
      for (const socket of this.#accepted) if (isQuiet(socket)) socket.destroy()
    }
  }

  /** Ends everything at once. */
  cut(): void {
    for (const session of this.#sessions) session.destroy()
    for (const socket of this.#accepted) socket.destroy()
  }
}

function hold<T extends { once(event: 'close', listener: () => void): unknown }>(set: Set<T>, held: T): void {
  set.add(held)
  held.once('close', () => set.delete(held))
}
