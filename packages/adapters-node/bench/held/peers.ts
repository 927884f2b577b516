import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { answer } from '../part.ts'
import { sessionKey } from '../workload.ts'

// Both ends of the held streams in one process: pods that switch protocols and echo, and the clients. Every stream is
// proved to carry bytes both ways before it counts as held.

const HEAD_END = '\r\n\r\n'
const SWITCHED =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  `Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzhZRbK+xOo=${HEAD_END}`
/** A small masked text frame: what a chat sends. */
const FRAME = Buffer.concat([Buffer.from([0x81, 0xa0, 1, 2, 3, 4]), Buffer.alloc(32, 'x')])
/** Handshakes under way at once: below every backlog. */
const AT_ONCE = 64
const PATIENCE_MS = 10_000

const clients: Socket[] = []

/** The head a browser sends, 14 headers. */
function handshake(index: number): string {
  return [
    'GET /socket?room=42 HTTP/1.1',
    'Host: gateway.example',
    'Connection: Upgrade',
    'Pragma: no-cache',
    'Cache-Control: no-cache',
    'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36',
    'Upgrade: websocket',
    'Origin: https://gateway.example',
    'Sec-WebSocket-Version: 13',
    'Accept-Encoding: gzip, deflate, br, zstd',
    'Accept-Language: en-GB,en;q=0.9',
    'Cookie: theme=dark; consent=yes',
    `X-Session: ${sessionKey(index)}`,
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    HEAD_END.slice(2),
  ].join('\r\n')
}

function listen(): Promise<number> {
  const pod = createServer({ noDelay: true }, (socket) => {
    let head = ''
    socket.on('error', () => socket.destroy())
    socket.on('data', function readHead(chunk: Buffer) {
      head += chunk.toString('latin1')
      if (!head.includes(HEAD_END)) return
      socket.off('data', readHead)
      socket.on('data', (frame) => socket.write(frame))
      socket.write(SWITCHED)
    })
  })
  return new Promise((resolve) => {
    pod.listen(0, '127.0.0.1', 1_024, () => resolve((pod.address() as AddressInfo).port))
  })
}

/** Opens one stream and sends a frame through it and back. */
async function hold(port: number, index: number): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  clients.push(socket)
  const signal = AbortSignal.timeout(PATIENCE_MS)
  socket.write(handshake(index))
  let head = ''
  while (!head.includes(HEAD_END)) head += (await once(socket, 'data', { signal })).toString()
  if (!head.startsWith('HTTP/1.1 101 ') || !head.endsWith(HEAD_END))
    throw new Error(`no clean 101: ${JSON.stringify(head)}`)
  socket.write(FRAME)
  let echoed = 0
  while (echoed < FRAME.length) echoed += ((await once(socket, 'data', { signal })) as [Buffer])[0].length
  if (echoed > FRAME.length) throw new Error('more bytes came back than were sent')
  socket.on('close', () => fail(new Error('a held stream was closed')))
}

let failure: Error | undefined
function fail(error: Error): void {
  failure ??= error
}

async function open({ port, count }: { readonly port: number; readonly count: number }): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < count) await hold(port, next++)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

/** Closes every stream; throws if one was closed before. */
async function close(): Promise<void> {
  if (failure) throw failure
  const closed = clients.splice(0).map((socket) => {
    socket.removeAllListeners('close').resetAndDestroy()
    return once(socket, 'close')
  })
  await Promise.all(closed)
}

answer({ listen, open, close })
