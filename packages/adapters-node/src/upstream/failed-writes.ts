import type { Socket } from 'node:net'

type Write = Socket['_write']
type Callback = Parameters<Write>[2]

/**
 * Keeps a failed write from closing the socket. A pod that answers before it has read the request and then closes makes
 * the next write fail, while its answer may wait to be read; node would close the socket and lose it. The read side tells
 * how the connection ended, at once: only a connection that the pod has ended fails a write.
 *
 * A write that fails is never reported as done: nothing more is written, and the owner destroys the socket at its end.
 */
export function survivesFailedWrites(socket: Socket): void {
  const write = socket._write.bind(socket)
  const writev = socket._writev?.bind(socket)
  socket._write = (chunk, encoding, done) => write(chunk, encoding, unlessGone(socket, done))
  if (writev) socket._writev = (chunks, done) => writev(chunks, unlessGone(socket, done))
}

function unlessGone(socket: Socket, done: Callback): Callback {
  return (error) => {
    const { code } = (error ?? {}) as NodeJS.ErrnoException
    if ((code === 'EPIPE' || code === 'ECONNRESET') && !socket.readableEnded) return
    done(error)
  }
}
