import { connect as connectTcp, isIP, Socket, type TcpNetConnectOpts } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { type Endpoint, StickyError } from '@limpet/core'
import { SharedReads } from './shared-reads.ts'

/** How connections are opened; all options are checked by `forward()`. */
export interface DialOptions {
  readonly connectTimeoutMs: number
  readonly tls: ConnectionOptions
}

/** Who waits for a socket; exactly one method is called, once. */
export interface DialCaller {
  /** The socket stands, with no listeners; over TLS it is verified, and `alpnProtocol` tells what was agreed on. */
  connected(socket: Socket): void
  failed(error: StickyError): void
}

/** What the system says when this process, or this machine, has no descriptor or memory left: no word of the pod. */
const OWN_LIMITS: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM'])

/**
 * Opens a connection to the endpoint; `alpn` is offered over TLS. Answers the socket, which may be destroyed meanwhile.
 * `sharesReads`: it will be read by {@link SharedReads}, if it is in the clear.
 */
export function dial(
  endpoint: Endpoint,
  alpn: readonly string[],
  { connectTimeoutMs, tls }: DialOptions,
  caller: DialCaller,
  sharesReads = false,
): Socket {
  const socket = open(endpoint, alpn, tls, sharesReads)
  const stood = endpoint.protocol === 'https:' ? 'secureConnect' : 'connect'
  const leave = () => {
    socket.off(stood, connected).off('error', failed).off('timeout', timedOut).off('close', closed)
  }
  const connected = () => {
    leave()
    socket.setNoDelay(true)
    caller.connected(socket)
  }
  const giveUp = (error: StickyError) => {
    leave()
    // Destroying a socket may still report an error that nobody waits for.
    socket.on('error', () => undefined)
    socket.destroy()
    caller.failed(error)
  }
  const name = nameOf(endpoint)
  const failed = (cause: NodeJS.ErrnoException) => {
    if (cause.code !== undefined && OWN_LIMITS.has(cause.code)) {
      const message = `the gateway has nothing left to open a connection with (${cause.code})`
      return giveUp(new StickyError('gateway-exhausted', message, { cause }))
    }
    giveUp(new StickyError('connect-failed', `${name} cannot be connected`, { cause }))
  }
  const closed = () => giveUp(new StickyError('connect-failed', `${name} closed the connection at once`))
  const timedOut = () => {
    const limit = `${connectTimeoutMs} ms (option "forward.connectTimeoutMs")`
    giveUp(new StickyError('connect-timeout', `${name} did not accept a connection within ${limit}`))
  }
  socket.setTimeout(connectTimeoutMs)
  socket.once(stood, connected).once('error', failed).once('timeout', timedOut).once('close', closed)
  return socket
}

/** Never throws: a place or an option of TLS that node refuses is a connection that fails, and not the end of the process. */
function open(
  { host, port, socketPath, protocol }: Endpoint,
  alpn: readonly string[],
  tls: ConnectionOptions,
  sharesReads: boolean,
): Socket {
  const place = socketPath === undefined ? { host, port } : { path: socketPath }
  // Half-open: an upgraded stream may end in one direction and go on in the other.
  const tcp = { ...place, allowHalfOpen: true } as TcpNetConnectOpts
  const name = isIP(host) === 0 && { servername: host }
  try {
    if (protocol === 'http:') {
      if (!sharesReads) return connectTcp(tcp)
      const reads = new SharedReads()
      return reads.of(connectTcp({ ...tcp, onread: reads }))
    }
    return connectTls({ ...name, ALPNProtocols: [...alpn], ...tls, ...tcp })
  } catch (error) {
    return new Socket().destroy(error as Error)
  }
}

function nameOf({ host, port, socketPath, protocol }: Endpoint): string {
  if (socketPath !== undefined) return `unix:${socketPath}`
  return `${protocol}//${host.includes(':') ? `[${host}]` : host}:${port}`
}
