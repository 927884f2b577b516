import type { Socket } from 'node:net'
import type { RequestHead } from '../headers/request-head.ts'

/** The head of a request as the latin1 text that HTTP/1.1 writes (RFC 9112, 3 and 5), with its last empty line. */
export function requestText(head: RequestHead): string {
  const { headers } = head
  let text = `${head.method} ${head.target} HTTP/1.1\r\n`
  for (let i = 0; i + 1 < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`
  if (head.framing === 'chunked') text += 'Transfer-Encoding: chunked\r\n'
  if (head.upgrade !== undefined) return `${text}Connection: Upgrade\r\nUpgrade: ${head.upgrade}\r\n\r\n`
  if (head.takesTrailers) return `${text}TE: trailers\r\nConnection: keep-alive, TE\r\n\r\n`
  return `${text}Connection: keep-alive\r\n\r\n`
}

/** Writes a part of a body in the chunked transfer coding (RFC 9112, 7.1), in one write of the system; false = wait for `drain`. */
export function writeChunk(socket: Socket, chunk: Buffer): boolean {
  socket.cork()
  socket.write(`${chunk.length.toString(16)}\r\n`, 'latin1')
  socket.write(chunk)
  const isRoomLeft = socket.write('\r\n', 'latin1')
  socket.uncork()
  return isRoomLeft
}

/** The end of such a body. `trailers`: names and values in turn. */
export function lastChunk(trailers: readonly string[]): string {
  let text = '0\r\n'
  for (let i = 0; i + 1 < trailers.length; i += 2) text += `${trailers[i]}: ${trailers[i + 1]}\r\n`
  return `${text}\r\n`
}
