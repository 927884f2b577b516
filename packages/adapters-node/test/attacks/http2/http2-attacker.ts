import { connect, type TLSSocket } from 'node:tls'
import {
  END_STREAM,
  FRAME,
  frameReader,
  headersFrame,
  PREFACE,
  type ReadFrame,
  settingsFrame,
} from '../../http2/support/frames.ts'

/** What the gateway sent on one connection. */
export interface Received {
  /** Frames by type. */
  readonly frames: Map<number, number>
  /** Codes of RST_STREAM, with how often each came. */
  readonly resets: Map<number, number>
  /** Code of the last GOAWAY. */
  goaway: number | undefined
  /** Bytes of bodies. */
  bytes: number
}

/** One connection that speaks HTTP/2 frame by frame, as no client would. It never sends WINDOW_UPDATE by itself. */
export class Http2Attacker {
  readonly socket: TLSSocket
  readonly received: Received = { frames: new Map(), resets: new Map(), goaway: undefined, bytes: 0 }
  /** Resolves when the connection is ready for frames, or closed. */
  readonly connected: Promise<void>
  readonly closed: Promise<void>
  #watchers: (() => void)[] = []

  /** `settings`: by number (RFC 9113, 6.5.2). */
  constructor(port: number, settings: Readonly<Record<number, number>> = {}) {
    const socket = connect({ port, host: '127.0.0.1', ALPNProtocols: ['h2'], rejectUnauthorized: false })
    this.socket = socket
    socket.on('error', () => undefined)
    socket.on(
      'data',
      frameReader((frame) => this.#read(frame)),
    )
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()))
    this.connected = new Promise((resolve) => {
      socket.once('secureConnect', () => {
        socket.write(Buffer.concat([PREFACE, settingsFrame(settings)]))
        resolve()
      })
      void this.closed.then(resolve)
    })
    void this.closed.then(() => this.#tell())
  }

  /** Sends frames; resolves when the kernel has taken them or the connection is closed. */
  readonly send = (...frames: readonly Buffer[]): Promise<void> => {
    const { socket } = this
    if (socket.destroyed) return Promise.resolve()
    return new Promise((resolve) => {
      socket.write(Buffer.concat(frames), () => resolve())
      void this.closed.then(resolve)
    })
  }

  /** Resolves once `what` holds, or the connection is closed. */
  async until(what: (received: Received) => boolean): Promise<void> {
    while (!this.socket.destroyed && !what(this.received)) {
      await new Promise<void>((resolve) => this.#watchers.push(resolve))
    }
  }

  abort(): void {
    this.socket.destroy()
  }

  #read({ type, payload }: ReadFrame): void {
    const { frames, resets } = this.received
    frames.set(type, (frames.get(type) ?? 0) + 1)
    if (type === FRAME.data) this.received.bytes += payload.length
    if (type === FRAME.goaway) this.received.goaway = payload.readUInt32BE(4)
    if (type === FRAME.rstStream) {
      const code = payload.readUInt32BE(0)
      resets.set(code, (resets.get(code) ?? 0) + 1)
    }
    this.#tell()
  }

  #tell(): void {
    for (const resolve of this.#watchers.splice(0)) resolve()
  }
}

/** A request for `path` on a stream; `flags` without END_STREAM: a body follows. */
export function requestFrame(stream: number, path: string, flags: number = END_STREAM): Buffer {
  return headersFrame(stream, flags, [
    [':method', flags & END_STREAM ? 'GET' : 'POST'],
    [':scheme', 'https'],
    [':authority', 'gateway'],
    [':path', path],
  ])
}

/** Connections that are ready for frames. */
export async function openHttp2Attackers(
  port: number,
  count: number,
  settings?: Readonly<Record<number, number>>,
): Promise<Http2Attacker[]> {
  const all = Array.from({ length: count }, () => new Http2Attacker(port, settings))
  await Promise.all(all.map(({ connected }) => connected))
  return all
}
