import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { Readable } from 'node:stream'
import { readAnswer } from '../../src/testing/client.ts'

/** The requests that every fault is tried with; `kept` is a GET over a connection that has served before. */
export const KINDS = ['get', 'kept', 'post', 'stream', 'upgrade'] as const
export type Kind = (typeof KINDS)[number]

/** The key of every request. */
export const KEY = 'x-session'
const HOST = '127.0.0.1'

const SMALL_BODY = Buffer.alloc(1_000, 'x')
const PIECE = Buffer.alloc(65_536, 'x')
/** More than all buffers between a client and a pod that does not read: 4 MiB is the most that Linux sends ahead. */
const PIECES = 192

/** What the client saw: who answered, and how it ended. */
export type Seen =
  | { readonly kind: 'nothing' }
  | Answered
  | { readonly kind: 'stream'; readonly pod: string | undefined; readonly end: 'echoes' | 'ends' | 'cut' }

interface Answered {
  readonly kind: 'answer'
  readonly status: number
  /** Which pod answered; undefined: the gateway itself. */
  readonly pod: string | undefined
  /** What the gateway's own answer gives as its reason. */
  readonly code: string | undefined
  readonly isWhole: boolean
  /** The client could send the whole body, although the answer may have come before. */
  readonly hasSentAll: boolean
}

/**
 * Sends one request on a connection of its own and answers what came of it.
 *
 * @param headSeen - called when the head of an answer is here
 */
export function ask(kind: Kind, port: number, headSeen: () => void): Promise<Seen> {
  return kind === 'upgrade' ? upgrade(port, headSeen) : plain(kind, port, headSeen)
}

async function plain(kind: Kind, port: number, headSeen: () => void): Promise<Seen> {
  const isPost = kind === 'post' || kind === 'stream'
  // Without `Connection: close`, as most clients.
  const agent = new Agent({ keepAlive: true })
  const request = httpRequest({
    host: HOST,
    port,
    agent,
    method: isPost ? 'POST' : 'GET',
    headers: {
      [KEY]: 'k',
      ...(kind === 'post' && { 'content-length': SMALL_BODY.length }),
      ...(kind === 'stream' && { 'transfer-encoding': 'chunked' }),
    },
  })
  if (kind === 'stream') Readable.from(pieces()).pipe(request)
  else request.end(kind === 'post' ? SMALL_BODY : undefined)
  const seen = await answerTo(request, headSeen)
  // The answer may have come while the client was sending.
  if (seen.kind === 'answer' && !request.writableFinished && !request.destroyed) {
    // Once the answer is whole, node no longer tells the request that its socket has room: the body would stop there.
    request.socket?.on('drain', () => request.emit('drain'))
    request.emit('drain')
    await new Promise<void>((resolve) => {
      request.once('finish', resolve).once('close', resolve)
    })
  }
  agent.destroy()
  return seen.kind === 'answer' ? { ...seen, hasSentAll: request.writableFinished } : seen
}

/** The answer to an ordinary request, or to an upgrade that was refused. */
function answerTo(request: ClientRequest, headSeen: () => void): Promise<Seen> {
  return new Promise((resolve) => {
    let hasBegun = false
    let hasFailed = false
    request.on('error', () => {
      hasFailed = true
      if (!hasBegun) resolve({ kind: 'nothing' })
    })
    request.on('response', (message) => {
      hasBegun = true
      headSeen()
      // A body that ends with the connection is `complete` to node even if a reset ended it.
      void answerOf(message).then((seen) => resolve(hasFailed ? { ...seen, isWhole: false } : seen))
    })
  })
}

async function upgrade(port: number, headSeen: () => void): Promise<Seen> {
  const request = httpRequest({
    host: HOST,
    port,
    headers: { [KEY]: 'k', connection: 'Upgrade', upgrade: 'echo' },
    // So that the client can still send when the pod has ended its side.
    createConnection: () => connect({ host: HOST, port, allowHalfOpen: true }),
  })
  request.end()
  const switched = new Promise<Seen>((resolve) => {
    request.on('upgrade', (message, socket, head) => {
      headSeen()
      const pod = message.headers['x-pod'] as string | undefined
      void endOf(socket as Socket, head).then((end) => resolve({ kind: 'stream', pod, end }))
    })
  })
  const seen = await Promise.race([switched, answerTo(request, headSeen)])
  request.destroy()
  return seen
}

/** Sends `ping` and waits for its echo; where the pod ends its side instead, sends `late` and ends as well. */
function endOf(socket: Socket, head: Buffer): Promise<'echoes' | 'ends' | 'cut'> {
  let received = head.toString('latin1')
  let end: 'echoes' | 'ends' | 'cut' = 'cut'
  socket.on('error', () => {
    if (end === 'ends') end = 'cut'
  })
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1')
    if (!received.includes('ping')) return
    end = 'echoes'
    socket.destroy()
  })
  socket.on('end', () => {
    end = 'ends'
    socket.end('late')
  })
  socket.write('ping')
  return new Promise((resolve) => socket.once('close', () => resolve(end)))
}

async function answerOf(message: IncomingMessage): Promise<Answered> {
  const pod = message.headers['x-pod'] as string | undefined
  const { status, complete, body } = await readAnswer(message)
  const code = pod === undefined ? (JSON.parse(body.toString()) as { code: string }).code : undefined
  return { kind: 'answer', status, pod, code, isWhole: complete, hasSentAll: true }
}

function* pieces(): Generator<Buffer> {
  for (let i = 0; i < PIECES; i++) yield PIECE
}
