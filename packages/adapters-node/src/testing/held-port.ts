import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'

const LOOPBACK = '127.0.0.1'

/** Listens on a free port of the loopback interface and answers that port. */
export async function listen(server: Server): Promise<number> {
  server.listen(0, LOOPBACK)
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** A port on which nobody listens, and nobody can until it is let go. */
export interface HeldPort {
  readonly port: number
  release(): void
}

/**
 * Holds a port that was just freed by connecting *from* it: a connection to it is then refused for as long as that
 * connection stands. A port merely closed may be given to another server of the same test run, or to the very client
 * that tries to connect to it.
 */
export async function holdPort(port: number): Promise<HeldPort> {
  const anchor = createServer((accepted) => accepted.on('error', () => {}))
  const anchorPort = await listen(anchor)
  const holder = connect({ host: LOOPBACK, port: anchorPort, localAddress: LOOPBACK, localPort: port })
  holder.on('error', () => {})
  await once(holder, 'connect')
  anchor.close()
  return { port, release: () => holder.resetAndDestroy() }
}

/** A port that refuses connections. */
export async function refusingPort(): Promise<HeldPort> {
  const server = createServer()
  const port = await listen(server)
  server.close()
  await once(server, 'close')
  return holdPort(port)
}
