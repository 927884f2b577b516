import { connect, type Socket } from 'node:net'
import { type Message, readResponses } from './message-reader.ts'

/** A request that asks for the end of the connection. */
export const lastRequest = (target: string): string =>
  `GET ${target} HTTP/1.1\r\nHost: shop\r\nX-Session: k\r\nConnection: close\r\n\r\n`

/** What one client does on its connection. */
export interface Talk {
  readonly port: number
  /** As latin1 text. */
  readonly bytes: string
  /** Each byte in a turn of its own. */
  readonly isBytewise?: boolean
  /** Ends its side behind the bytes. */
  readonly ends?: boolean
  /** Methods of the requests whose answers are waited for; then, if the connection is to go on, `last` is sent. */
  readonly methods: readonly string[]
  /** Default: nothing is sent. */
  readonly last?: string
}

/** Everything that the client got until its connection was closed. */
export async function talk({ port, bytes, isBytewise, ends, methods, last }: Talk): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
  let text = ''
  let hasAskedLast = last === undefined
  const askLast = () => {
    if (hasAskedLast || finalOnes(readResponses(text, methods, false).messages) < methods.length) return
    hasAskedLast = true
    if (last !== undefined && !isCloseTold(text)) socket.write(last, 'latin1')
  }
  socket.setEncoding('latin1')
  // A reset may overtake what was sent before it; what counts is what came.
  socket.on('error', () => undefined)
  socket.on('data', (part: string) => {
    text += part
    askLast()
  })
  socket.on('end', () => socket.end())
  const isOver = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  if (isBytewise) await writeBytewise(socket, bytes)
  else socket.write(bytes, 'latin1')
  if (ends) socket.end()
  if (methods.length === 0) askLast()
  await isOver
  return text
}

/** Above this bytes leave at once: a turn for each of thousands tells nothing more, and takes long. */
const MOST_TURNS = 2_000

/** Writes each byte of a latin1 text in a turn of its own, as long as there is somebody to read it. */
export async function writeBytewise(socket: Socket, bytes: string): Promise<void> {
  if (bytes.length > MOST_TURNS) socket.write(bytes, 'latin1')
  else
    for (const byte of bytes) {
      if (socket.destroyed || socket.writableEnded) return
      socket.write(byte, 'latin1')
      await new Promise((resolve) => setImmediate(resolve))
    }
}

/** A client that keeps to the rules sends nothing behind an answer that ends the connection. */
function isCloseTold(text: string): boolean {
  return /\r\nconnection: close\r\n/i.test(text)
}

/** How many of the responses are not interim ones. */
export function finalOnes(messages: readonly Message[]): number {
  return messages.filter(({ start }) => !start.startsWith('HTTP/1.1 1')).length
}
