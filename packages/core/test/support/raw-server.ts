import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'

/** A TCP server on a free port of loopback that does with each connection what the script says. */
export interface RawServer extends AsyncDisposable {
  readonly port: number
  /** Connections that it has accepted. */
  readonly accepted: number
  /** Connections that are open. */
  readonly open: number
  /** Resolves when this many connections have been accepted and have all closed. */
  closed(count: number): Promise<void>
}

/** Starts a {@link RawServer}. */
export async function rawServer(script: (socket: Socket) => void): Promise<RawServer> {
  const sockets = new Set<Socket>()
  let accepted = 0
  let changed = (): void => undefined
  const server: Server = createServer((socket) => {
    accepted++
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => {
      sockets.delete(socket)
      changed()
    })
    script(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    get accepted() {
      return accepted
    },
    get open() {
      return sockets.size
    },
    closed: (count) =>
      new Promise((resolve) => {
        changed = () => {
          if (accepted >= count && sockets.size === 0) resolve()
        }
        changed()
      }),
    async [Symbol.asyncDispose]() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}

/** A port of loopback where nobody listens: one that was free a moment ago, and is not given out again at once. */
export async function closedPort(): Promise<number> {
  const server = await rawServer(() => undefined)
  const { port } = server
  await server[Symbol.asyncDispose]()
  return port
}
