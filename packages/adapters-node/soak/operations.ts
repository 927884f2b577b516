import { Agent, type ClientRequest, type IncomingMessage, type RequestOptions, request } from 'node:http'
import type { Socket } from 'node:net'

/** What one operation came to: `ok`, or what went wrong in a word. */
export type Outcome = string

/** One kind of traffic, by name. */
export type Operation = (key: string) => Promise<Outcome>

const BODY = Buffer.alloc(16_384, 'b')
/** No operation may take longer than that: something hangs. */
const PATIENCE_MS = 30_000

/** The kinds of traffic, and how often each comes. */
export function operations(
  port: number,
): readonly (readonly [name: string, weight: number, run: Operation])[] {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  const to = (key: string, path: string, options: RequestOptions = {}): ClientRequest => {
    const headers = { 'x-session': key, ...options.headers }
    const asked = request({ port, host: '127.0.0.1', path, agent, ...options, headers })
    asked.setTimeout(PATIENCE_MS, () => asked.destroy(new Error('hangs')))
    return asked
  }
  const get = (options?: RequestOptions) => (key: string) => whole(to(key, '/', options), '0')
  const kinds: Kind[] = [
    ['get', 50, get()],
    ['get on a new connection', 10, get({ agent: false })],
    ['post 16 KiB', 10, (key) => whole(to(key, '/', { method: 'POST' }).end(BODY), String(BODY.length))],
    ['get 64 KiB', 10, (key) => sized(to(key, '/bytes/65536'), 65_536)],
    ['get aborted', 8, (key) => aborted(to(key, '/bytes/1048576'))],
    [
      'post aborted',
      6,
      (key) => brokenOff(to(key, '/', { method: 'POST', headers: { 'content-length': 1_000_000 } })),
    ],
    ['slow reader', 3, (key) => sized(to(key, '/bytes/1048576', { agent: false }), 1_048_576, 2)],
    ['upgrade', 3, (key) => echoed(to(key, '/', { agent: false, headers: UPGRADE }))],
  ]
  return { kinds, close: () => agent.destroy() }
}

const UPGRADE = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-version': '13',
}

async function whole(asked: ClientRequest, expected: string): Promise<Outcome> {
  return settled(asked, async (response) => {
    let text = ''
    for await (const chunk of response) text += chunk
    return text === expected ? 'ok' : 'another body'
  })
}

async function sized(asked: ClientRequest, expected: number, pauseMs = 0): Promise<Outcome> {
  return settled(asked, async (response) => {
    let length = 0
    for await (const chunk of response) {
      length += (chunk as Buffer).length
      if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
    return length === expected ? 'ok' : 'another length'
  })
}

async function aborted(asked: ClientRequest): Promise<Outcome> {
  return settled(asked, async (response) => {
    response.on('error', () => undefined)
    response.destroy()
    return 'ok'
  })
}

async function brokenOff(asked: ClientRequest): Promise<Outcome> {
  asked.on('error', () => undefined)
  const closed = new Promise<void>((resolve) => void asked.once('close', resolve))
  asked.write(BODY, () => asked.destroy())
  await closed
  return 'ok'
}

async function echoed(asked: ClientRequest): Promise<Outcome> {
  const switched = new Promise<Outcome>((resolve) => {
    asked.once('upgrade', (_response: IncomingMessage, socket: Socket, head: Buffer) => {
      let length = head.length
      socket.on('error', () => undefined)
      socket.on('data', (chunk: Buffer) => {
        length += chunk.length
        if (length === BODY.length) socket.end()
      })
      socket.once('close', () => resolve(length === BODY.length ? 'ok' : 'a stream cut'))
      socket.write(BODY)
    })
  })
  return Promise.race([switched, settled(asked, async () => 'not switched')])
}

/** The outcome of a response with status 200; else what went wrong: `502`, `ECONNRESET` … */
async function settled(
  asked: ClientRequest,
  read: (response: IncomingMessage) => Promise<Outcome>,
): Promise<Outcome> {
  const failed = new Promise<Outcome>((resolve) => {
    asked.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  })
  const answered = new Promise<IncomingMessage>((resolve) => void asked.once('response', resolve))
  if (!asked.writableEnded) asked.end()
  const outcome = answered.then(async (response) => {
    if (response.statusCode !== 200) {
      response.resume()
      return String(response.statusCode)
    }
    try {
      return await read(response)
    } catch (error) {
      return (error as NodeJS.ErrnoException).code ?? 'cut'
    }
  })
  return Promise.race([failed, outcome])
}
