import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/** Of RFC 6455, section 1.3: proves that the answer was made by someone who knows WebSocket. */
const WEBSOCKET_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** What a WebSocket server must answer to a client's `Sec-WebSocket-Key`. */
export function acceptValue(clientKey: string): string {
  return createHash('sha1')
    .update(clientKey + WEBSOCKET_GUID)
    .digest('base64')
}

/**
 * Answers 101 and sends every byte back as it came, frames unread: what a gateway must get right is the bytes, and
 * frames would hide one that is lost between the head and the stream.
 */
export function acceptUpgrade(pod: string, request: IncomingMessage, socket: Socket, head: Buffer): void {
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    `upgrade: ${request.headers.upgrade ?? ''}`,
    'connection: Upgrade',
    `sec-websocket-accept: ${acceptValue(request.headers['sec-websocket-key'] ?? '')}`,
    `x-pod: ${pod}`,
    `x-url: ${request.url ?? ''}`,
    `x-forwarded-for-seen: ${request.headers['x-forwarded-for'] ?? ''}`,
  ]
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  if (head.length > 0) socket.write(head)
  socket.pipe(socket)
}
