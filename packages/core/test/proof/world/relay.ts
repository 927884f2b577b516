import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { stablePort } from '../../support/redis/stable-port.ts'

/** An address whose target can change, as that of a Service whose pod is replaced. */
export interface Relay extends AsyncDisposable {
  readonly port: number
  /** Leads to another port from now on; resets the connections that there are. */
  leadTo(port: number): void
}

export async function relayTo(target: number): Promise<Relay> {
  const sockets = new Set<Socket>()
  let current = target
  const reset = () => {
    for (const socket of sockets) {
      // One that is being ended cannot be reset any more.
      if (socket.writableEnded) socket.destroy()
      else socket.resetAndDestroy()
    }
  }
  const server = createServer((client) => {
    const upstream = connect(current, '127.0.0.1')
    const both = [client, upstream]
    for (const socket of both) {
      sockets.add(socket)
      socket.setNoDelay().on('error', () => socket.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        for (const other of both) other.destroy()
      })
    }
    client.pipe(upstream).pipe(client)
  })
  const port = await stablePort()
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    port,
    leadTo(next) {
      current = next
      reset()
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      reset()
      await closed
    },
  }
}
