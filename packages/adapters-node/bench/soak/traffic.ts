import { once } from 'node:events'
import type { Agent } from 'node:http'
import { connect, type Socket } from 'node:net'
import { type Answered, ask, responseTo, send } from './http-client.ts'

/** What a kind of traffic works with. */
export interface TrafficContext {
  readonly port: number
  readonly agent: Agent
  readonly random: () => number
  /** One of the keys that come again and again. */
  readonly hotKey: () => string
  /** A key that never came before. */
  readonly newKey: () => string
  /** Tells which pod answered a hot key; answers what is wrong with that, if something is. */
  readonly seen: (key: string, pod: string) => string | undefined
}

/** One use of the gateway. Resolves with what went wrong, or with nothing; rejects if a connection failed. */
export type Traffic = (context: TrafficContext) => Promise<string | undefined>

const KIB = 1_024
const POSTED = Buffer.alloc(16 * KIB, 'p')
const ECHOED = Buffer.alloc(2 * KIB, 'e')
/** More than the kernel takes for a client that does not read. */
const UNREADABLE = 64 * KIB * KIB

const hot: Traffic = async ({ port, agent, hotKey, seen }) => {
  const key = hotKey()
  const answer = await ask({ port, agent, key })
  return wrong(answer, 1) ?? seen(key, answer.pod)
}

const newKeys: Traffic = async ({ port, agent, newKey }) =>
  wrong(await ask({ port, agent, key: newKey() }), 1)

const newConnection: Traffic = async ({ port, hotKey }) =>
  wrong(await ask({ port, agent: false, key: hotKey() }), 1)

const large: Traffic = async ({ port, agent, hotKey }) =>
  wrong(await ask({ port, agent, key: hotKey(), path: `/bytes/${64 * KIB}` }), 64 * KIB)

const post: Traffic = async ({ port, agent, hotKey }) => {
  const answer = await ask({ port, agent, key: hotKey(), body: POSTED })
  return (
    wrong(answer, 5) ?? (answer.text === String(POSTED.length) ? undefined : `a body became ${answer.text}`)
  )
}

const abortedResponse: Traffic = async ({ port, newKey }) => {
  const sent = send({ port, key: newKey(), agent: false, path: `/bytes/${UNREADABLE}` })
  const response = responseTo(sent)
  sent.end()
  const message = await response
  message.on('error', () => undefined)
  await Promise.race([once(message, 'data'), once(message, 'close')])
  message.destroy()
  return message.statusCode === 200 ? undefined : `status ${message.statusCode}`
}

const abortedRequest: Traffic = async ({ port, hotKey }) => {
  const socket = await connected(port)
  socket.write(`POST / HTTP/1.1\r\nHost: a\r\nx-session: ${hotKey()}\r\nContent-Length: 100000\r\n\r\nhalf`)
  socket.end()
  socket.destroy()
  return undefined
}

const upgrade: Traffic = async ({ port, hotKey }) => {
  const sent = send({ port, key: hotKey(), agent: false })
  sent.setHeader('connection', 'Upgrade')
  sent.setHeader('upgrade', 'websocket')
  const upgraded = new Promise<Socket>((resolve, reject) => {
    sent.on('upgrade', (_response, socket) => resolve(socket as Socket))
    sent.on('response', ({ statusCode }) => reject(new Error(`status ${statusCode}`))).on('error', reject)
  })
  sent.end()
  const socket = await upgraded
  socket.write(ECHOED)
  let length = 0
  for await (const part of socket) {
    length += (part as Buffer).length
    if (length >= ECHOED.length) break
  }
  socket.destroy()
  return length === ECHOED.length ? undefined : `an upgraded stream ended after ${length} bytes`
}

/** Reads nothing: the gateway has to cut it, at `idleTimeoutMs`. */
const slowReader: Traffic = async ({ port, newKey }) => {
  const socket = await connected(port)
  socket.pause().write(`GET /bytes/${UNREADABLE} HTTP/1.1\r\nHost: a\r\nx-session: ${newKey()}\r\n\r\n`)
  return untilCut(socket, '')
}

/** Sends a head without end: the gateway has to cut it, at `headTimeoutMs`. */
const slowLoris: Traffic = async ({ port }) => {
  const socket = await connected(port)
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n')
  socket.resume()
  return untilCut(socket, 'x: y\r\n')
}

const pipelined: Traffic = async ({ port, hotKey }) => {
  const socket = await connected(port)
  const head = `GET / HTTP/1.1\r\nHost: a\r\nx-session: ${hotKey()}\r\n`
  socket.write(`${`${head}\r\n`.repeat(4)}${head}Connection: close\r\n\r\n`)
  let text = ''
  for await (const part of socket) text += (part as Buffer).toString('latin1')
  const answers = text.match(/HTTP\/1.1 200 /g)?.length ?? 0
  return answers === 5 ? undefined : `${answers} of 5 pipelined requests were answered`
}

/** Every kind of traffic, with its share. */
export const TRAFFIC: readonly (readonly [
  weight: number,
  kind: { readonly name: string; readonly run: Traffic },
])[] = [
  [40, { name: 'GET', run: hot }],
  [25, { name: 'GET, a new key', run: newKeys }],
  [10, { name: 'POST 16 KiB', run: post }],
  [8, { name: 'GET 64 KiB', run: large }],
  [6, { name: 'GET, a new connection', run: newConnection }],
  [3, { name: 'upgrade', run: upgrade }],
  [2, { name: 'response aborted', run: abortedResponse }],
  [2, { name: 'request aborted', run: abortedRequest }],
  [2, { name: 'pipelined', run: pipelined }],
  [0.2, { name: 'slow reader', run: slowReader }],
  [0.2, { name: 'slow-loris', run: slowLoris }],
]

function wrong({ status, length }: Answered, least: number): string | undefined {
  if (status !== 200) return `status ${status}`
  return length >= least ? undefined : `${length} bytes of at least ${least}`
}

async function connected(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  return socket.on('error', () => undefined)
}

/** Longer than any limit of the gateway here, and the intervals in which node looks at them. */
const PATIENCE_MS = 20_000
const PROD_MS = 250

/** Waits until the gateway has cut a connection, which shows when something is sent on it. */
async function untilCut(socket: Socket, prod: string): Promise<string | undefined> {
  let patienceMs = PATIENCE_MS
  const timer = setInterval(() => {
    patienceMs -= PROD_MS
    if (patienceMs <= 0) socket.destroy()
    else if (!socket.destroyed) socket.write(prod === '' ? ' ' : prod)
  }, PROD_MS)
  if (!socket.destroyed) await new Promise((resolve) => socket.once('close', resolve))
  clearInterval(timer)
  return patienceMs > 0 ? undefined : 'a slow client was not cut'
}
