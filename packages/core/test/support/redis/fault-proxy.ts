import { once } from 'node:events'
import { connect, createServer, type Server } from 'node:net'
import { fakeRandom } from '../../../src/testing/fake-random.ts'
import type { Fault } from './fault.ts'
import { FaultConnection, type ProxiedConnection } from './fault-connection.ts'
import { stablePort } from './stable-port.ts'

/** A TCP proxy on loopback that does to connections what networks do. `await using` closes it. */
export interface TcpFaultProxy extends AsyncDisposable {
  /** The same over all faults. */
  readonly port: number
  readonly fault: Fault
  /** The connections that are open, oldest first. */
  readonly connections: readonly ProxiedConnection[]
  /** What happens from now on, to open connections as well. Resolves when it holds. */
  set(fault: Fault): Promise<void>
  /** Resets all open connections; new ones are treated as the fault says. */
  cut(): void
  close(): Promise<void>
}

export interface TcpFaultProxyOptions {
  /** Of the jitter. The same seed gives the same delays for the same pieces. Default: 1. */
  readonly seed?: number
  /** Default: one that nobody listens on. */
  readonly port?: number
  /** Default: `{ kind: 'pass' }`. */
  readonly fault?: Fault
}

/** Passes connections on to a port on loopback, and does to them what it is told. */
export async function tcpFaultProxy(
  targetPort: number,
  options: TcpFaultProxyOptions = {},
): Promise<TcpFaultProxy> {
  const { seed = 1, port = await stablePort() } = options
  const random = fakeRandom(seed)
  const connections = new Set<FaultConnection>()
  let fault: Fault = { kind: 'pass' }
  let listening: Server | undefined
  let count = 0

  const listen = () =>
    createServer({ allowHalfOpen: true }, (client) => {
      const server = connect({ host: '127.0.0.1', port: targetPort, allowHalfOpen: true })
      const connection = new FaultConnection(++count, client, server, fault, random)
      connections.add(connection)
      connection.gone.then(() => connections.delete(connection))
    }).listen(port, '127.0.0.1')
  const set = async (next: Fault) => {
    fault = next
    for (const connection of connections) connection.set(next)
    if (next.kind === 'refuse') {
      // Closes the listening socket at once; the rest of the server closes with its last connection.
      listening?.close()
      listening = undefined
      return
    }
    listening ??= listen()
    if (!listening.listening) await once(listening, 'listening')
  }
  const cut = () => {
    for (const connection of connections) connection.cut()
  }
  const close = async () => {
    listening?.close()
    listening = undefined
    cut()
    await Promise.all([...connections].map(({ gone }) => gone))
  }
  await set(options.fault ?? fault)
  return {
    port,
    get fault() {
      return fault
    },
    get connections() {
      return [...connections]
    },
    set,
    cut,
    close,
    [Symbol.asyncDispose]: close,
  }
}
