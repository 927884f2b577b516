import { createServer, type Socket } from 'node:net'
import { listen } from '../../../src/testing/held-port.ts'
import { ACK, FRAME, frame, frameReader, headersFrame, type ReadFrame, settingsFrame } from './frames.ts'

/** A connection of a raw pod. */
export interface RawConnection {
  readonly socket: Socket
  send(...frames: readonly Buffer[]): void
}

/** A pod that writes its frames by hand. */
export interface RawHttp2Pod {
  readonly endpoint: {
    readonly name: string
    readonly host: string
    readonly port: number
    readonly appProtocol: string
  }
  readonly connections: readonly RawConnection[]
  close(): void
}

/**
 * Starts a pod that plays `take` for every frame but settings, which it sends and acknowledges itself.
 * `settings`: by their ids.
 */
export async function startRawHttp2Pod(
  take: (frame: ReadFrame, connection: RawConnection) => void,
  settings: Readonly<Record<number, number>> = {},
): Promise<RawHttp2Pod> {
  const connections: RawConnection[] = []
  const server = createServer((socket) => {
    const connection: RawConnection = {
      socket,
      send: (...frames) => void (socket.destroyed || socket.write(Buffer.concat(frames))),
    }
    connections.push(connection)
    socket.on('error', () => undefined)
    connection.send(settingsFrame(settings))
    socket.on(
      'data',
      frameReader((read) => {
        if (read.type !== FRAME.settings) take(read, connection)
        else if (!(read.flags & ACK)) connection.send(frame(FRAME.settings, ACK, 0))
      }),
    )
  })
  const port = await listen(server)
  return {
    endpoint: { name: 'raw', host: '127.0.0.1', port, appProtocol: 'h2c' },
    connections,
    close() {
      server.close()
      for (const { socket } of connections) socket.destroy()
    },
  }
}

/** The head of a response of status 200. */
export function okHead(stream: number, flags: number): Buffer {
  return headersFrame(stream, flags, [[':status', '200']])
}
