import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { survivesFailedWrites } from '../../src/upstream/failed-writes.ts'

const closers: (() => unknown)[] = []
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close()
})

/** A connection whose other side has answered and reset; nothing of that was read yet. */
async function answeredAndReset(): Promise<Socket> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => server.close())
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  closers.push(() => socket.destroy())
  const [pod] = (await once(server, 'connection')) as [Socket]
  if (socket.connecting) await once(socket, 'connect')
  await new Promise<void>((resolve) => pod.write('the answer', () => resolve()))
  pod.resetAndDestroy()
  await once(pod, 'close')
  return socket
}

/** Writes, reads, and answers what was read and what was reported. */
async function writeAndRead(socket: Socket): Promise<{ read: string; errors: string[] }> {
  const errors: string[] = []
  let read = ''
  socket.on('error', (error: NodeJS.ErrnoException) => errors.push(error.syscall ?? error.message))
  // In the same turn, so that the write is tried before anything is read.
  socket.write('a part of the body')
  socket.cork()
  socket.write('another')
  socket.write('and another')
  socket.uncork()
  socket.setEncoding('latin1').on('data', (text: string) => {
    read += text
  })
  socket.once('end', () => socket.destroy())
  await new Promise<void>((resolve) => socket.once('close', () => resolve()))
  return { read, errors }
}

describe('a socket whose write fails', () => {
  it('would lose in node what its other side has said', async () => {
    const { read } = await writeAndRead(await answeredAndReset())
    expect(read).toBe('')
  })

  it('is read to its end before it closes', async () => {
    const socket = await answeredAndReset()
    survivesFailedWrites(socket)
    const { read, errors } = await writeAndRead(socket)
    expect(read).toBe('the answer')
    expect(errors).not.toContain('write')
  })
})
