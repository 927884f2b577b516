import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { frameAt, opening, type StreamFrame, settingsAck, streamFrames } from './http2-frames.ts'

const HEADERS = 1
const SETTINGS = 4
const PREFACE_BYTES = 24

/** A pod that speaks HTTP/2 in the clear, frame by frame as it is told. */
export class Http2Pod {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #next: readonly StreamFrame[] | undefined

  constructor() {
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket))
  }

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return `h2c://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Answers the next request with these frames; all others with 200 and `ok`. */
  play(frames: readonly StreamFrame[]): void {
    this.#next = frames
  }

  async close(): Promise<void> {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await once(this.#server, 'close')
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => this.#sockets.delete(socket))
    // A server's part begins with settings, without the preface.
    socket.write(opening().subarray(PREFACE_BYTES))
    let bytes: Buffer = Buffer.alloc(0)
    let at = PREFACE_BYTES
    socket.on('data', (part: Buffer) => {
      bytes = Buffer.concat([bytes, part])
      for (let frame = frameAt(bytes, at); frame; frame = frameAt(bytes, at)) {
        at = frame.end
        if (frame.type === SETTINGS && frame.flags === 0) socket.write(settingsAck)
        if (frame.type !== HEADERS) continue
        socket.write(streamFrames(frame.stream, this.#next ?? OK))
        this.#next = undefined
      }
    })
  }
}

const OK: readonly StreamFrame[] = [{ headers: [[':status', '200']] }, { data: 'ok', ends: true }]
