import { connect } from 'node:net'
import {
  type ConnectionAnswer,
  opening,
  readFrames,
  type StreamFrame,
  settingsAck,
  streamFrames,
} from './http2-frames.ts'

/** The stream of the case, and of the request behind it. */
export const CASE = 1
export const LAST = 3

const last: readonly StreamFrame[] = [
  {
    headers: [
      [':method', 'GET'],
      [':scheme', 'http'],
      [':authority', 'shop'],
      [':path', '/last'],
    ],
    ends: true,
  },
]

/** Sends the frames and then another request, and answers what came until both have their ends or the connection has. */
export async function talkHttp2(port: number, frames: readonly StreamFrame[]): Promise<ConnectionAnswer> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  let bytes: Buffer = Buffer.alloc(0)
  let hasAcknowledged = false
  socket.on('error', () => undefined)
  const isOver = new Promise<void>((resolve) => {
    socket.once('close', () => resolve())
    socket.on('data', (part: Buffer) => {
      bytes = Buffer.concat([bytes, part])
      const answer = readFrames(bytes)
      if (answer.hasSettings && !hasAcknowledged) socket.write(settingsAck)
      hasAcknowledged ||= answer.hasSettings
      const isEnded = (stream: number) => (answer.streams.get(stream)?.end ?? 'open') !== 'open'
      if (isEnded(CASE) && isEnded(LAST)) resolve()
    })
  })
  socket.write(Buffer.concat([opening(), streamFrames(CASE, frames), streamFrames(LAST, last)]))
  await isOver
  socket.destroy()
  return readFrames(bytes)
}
