import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { SharedReads, sharedReadsOf } from '../../src/upstream/shared-reads.ts'

/** A socket that is read by shared reads, and the other end of it. */
async function pair(): Promise<{ reads: SharedReads; socket: Socket; peer: Socket }> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'connection')
  const reads = new SharedReads()
  const { port } = server.address() as AddressInfo
  const socket = reads.of(connect({ port, host: '127.0.0.1', onread: reads }))
  const [[peer]] = await Promise.all([accepted as Promise<[Socket]>, once(socket, 'connect')])
  onTestFinished(() => {
    socket.destroy()
    peer.destroy()
    server.close()
  })
  return { reads, socket, peer }
}

/** Hands over what is read, as text that was copied at once, until `length` bytes have come. */
function textOf(reads: SharedReads, length: number): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  let text = ''
  reads.to((bytes) => {
    text += bytes.toString('latin1')
    if (text.length >= length) resolve(text)
  })
  return promise
}

describe('SharedReads', () => {
  it('hands over what is read, in one buffer for all sockets', async () => {
    const [one, two] = [await pair(), await pair()]
    expect(sharedReadsOf(one.socket)).toBe(one.reads)
    expect(one.reads.buffer).toBe(two.reads.buffer)
    const texts = Promise.all([textOf(one.reads, 3), textOf(two.reads, 5)])
    one.peer.write('one')
    two.peer.write('other')
    expect(await texts).toEqual(['one', 'other'])
  })

  it('keeps what comes before anybody reads', async () => {
    const { reads, socket, peer } = await pair()
    peer.write('early')
    await once(socket, 'readable')
    expect(await textOf(reads, 5)).toBe('early')
    const more = textOf(reads, 4)
    peer.write('more')
    expect(await more).toBe('more')
  })

  it('stops while the socket is paused, and tells the end', async () => {
    const { reads, socket, peer } = await pair()
    const read: string[] = []
    reads.to((bytes) => read.push(bytes.toString('latin1')))
    socket.pause()
    const ended = once(socket, 'end')
    await new Promise<void>((resolve) => peer.end('all', () => resolve()))
    expect(read).toEqual([])
    socket.resume()
    await ended
    expect(read).toEqual(['all'])
  })

  it('is not there for other sockets', () => {
    expect(
      sharedReadsOf(connect({ port: 1, host: '127.0.0.1' }).on('error', () => undefined)),
    ).toBeUndefined()
  })
})
