import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { SERVER_CERTIFICATE, TEST_CA } from './certificates.ts'

type Listener = (request: IncomingMessage, response: ServerResponse) => void

/** The TLS port of the fake, which can be shut and opened again under the same number. */
export class Connections {
  readonly #host: string
  readonly #listener: Listener
  /** The TCP sockets below TLS, by the client's port: only they can be reset. */
  readonly #sockets = new Map<number, Socket>()
  #server: Server | undefined
  #port = 0

  constructor(host: string, listener: Listener) {
    this.#host = host
    this.#listener = listener
  }

  get port(): number {
    return this.#port
  }

  /** Connections that are open. */
  get open(): number {
    return this.#sockets.size
  }

  async start(): Promise<void> {
    if (this.#server) return
    const server = createServer(
      {
        ...SERVER_CERTIFICATE,
        ca: TEST_CA,
        requestCert: true,
        // Without a certificate of ours a client may still have a token.
        rejectUnauthorized: false,
        ALPNProtocols: ['http/1.1'],
        requestTimeout: 0,
        keepAliveTimeout: 0,
      },
      this.#listener,
    )
    this.#server = server
    server.on('connection', (socket: Socket) => {
      const port = socket.remotePort as number
      this.#sockets.set(port, socket)
      // A client that goes away in the middle is a matter of course here.
      socket.on('error', () => undefined)
      socket.once('close', () => this.#sockets.delete(port))
    })
    server.on('tlsClientError', () => undefined)
    server.listen(this.#port, this.#host)
    await once(server, 'listening')
    this.#port = (server.address() as AddressInfo).port
  }

  /** Ends every connection; from then on new ones are refused. */
  async stop(): Promise<void> {
    const server = this.#server
    if (!server) return
    this.#server = undefined
    const closed = once(server, 'close')
    server.close()
    for (const socket of this.#sockets.values()) socket.destroy()
    await closed
  }

  /** Resets the connection of a response. */
  reset(response: ServerResponse): void {
    const { socket } = response
    const below = this.#sockets.get(socket?.remotePort ?? -1)
    below?.resetAndDestroy()
    socket?.destroy()
  }
}
