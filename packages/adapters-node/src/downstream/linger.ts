import type { IncomingMessage } from 'node:http'
import type { Clock } from '@limpet/core'
import type { DownstreamRequest } from './downstream-request.ts'

/** How long a client may go on sending a request that is answered, in milliseconds: nginx's `lingering_timeout`. */
const LINGER_MS = 5_000

const lingering = new WeakSet<IncomingMessage>()

/**
 * Throws away what is still to come of a request that is answered. A socket that is closed with bytes unread is reset, and
 * that takes the answer from a client which is still sending; so the socket is closed only when the client has sent its
 * request, or after 5 s (RFC 9112, 9.6). Idempotent.
 */
export function discardRest(request: DownstreamRequest, clock: Clock): void {
  // In HTTP/2 a stream ends by itself.
  if ('stream' in request || request.readableEnded) return
  request.resume()
  const { socket } = request
  if (request.complete || socket.destroyed || lingering.has(request)) return
  lingering.add(request)
  const { destroySoon } = socket
  let isToClose = false
  // What node calls when the answer was the last of the connection.
  socket.destroySoon = () => {
    isToClose = true
    socket.end()
  }
  const cancel = clock.after(LINGER_MS, () => socket.destroy())
  const end = () => {
    cancel()
    request.off('end', end)
    socket.off('close', end)
    socket.destroySoon = destroySoon
    if (isToClose) socket.destroySoon()
  }
  request.once('end', end)
  // A request that is answered hears no more of its socket.
  socket.once('close', end)
}
