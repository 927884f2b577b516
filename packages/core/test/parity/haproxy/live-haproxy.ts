import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { freePort, programFolder, type RunningProgram, run } from '../../support/real-program.ts'

/** A HAProxy that says which of its servers took a request. */
export interface LiveHaproxy {
  /** The whole config text. */
  readonly config: string
  /** Asks one connection for the server of each request, in order. */
  ask(backend: string, requests: readonly RequestLines[], from?: string): Promise<string[]>
  /** Asks on a connection of its own; answers the server (undefined: 503) and how many attempts came before. */
  askOnce(
    backend: string,
    lines: RequestLines,
  ): Promise<{ readonly server: string | undefined; readonly retries: number }>
  /** Sends commands to its admin socket; throws if it answers one of them with anything. */
  command(commands: readonly string[]): Promise<void>
  stop(): Promise<void>
}

/** Values of the header `X-Key`, in latin1; one line each. */
export type RequestLines = readonly string[]

/** Stands in backends for the address of a server that answers, and of one that refuses. */
export const ANSWERS = 'ANSWERS'
export const REFUSES = '127.0.0.1:1'

/** Starts a HAProxy with these backends, in which every server is HAProxy itself. */
export async function startHaproxy(backends: readonly string[]): Promise<LiveHaproxy> {
  const folder = programFolder()
  const port = await freePort()
  const answering = await freePort()
  const config = `global
  stats socket ${join(folder, 'admin')} level admin
defaults
  mode http
  timeout client 30s
  timeout server 30s
  timeout connect 10ms
frontend entry
  bind 127.0.0.1:${port}
  http-after-response set-header x-server "%s"
  http-after-response set-header x-retries "%rc"
  use_backend %[req.hdr(x-backend)]
frontend answer
  bind 127.0.0.1:${answering}
  http-request return status 200
${backends.join('\n').replaceAll(ANSWERS, `127.0.0.1:${answering}`)}
`
  writeFileSync(join(folder, 'haproxy.cfg'), config)
  const program = await run('haproxy', ['-db', '-f', 'haproxy.cfg'], folder, () => accepts(port))
  return {
    config,
    ask: (backend, requests, from) => ask(port, backend, requests, from),
    askOnce: (backend, lines) => askOnce(port, backend, lines),
    command: (commands) => command(program, commands),
    stop: () => program.stop(),
  }
}

/** Requests under way on a connection; HAProxy 2.6 refuses a pipelined request that its buffer of 16 KiB has only a part of. */
const PIPELINED = 40

async function ask(
  port: number,
  backend: string,
  requests: readonly RequestLines[],
  from?: string,
): Promise<string[]> {
  const socket = connect({ port, host: '127.0.0.1', localAddress: from })
  const servers: string[] = []
  let rest = ''
  let sent = 0
  const send = () => {
    const batch = requests.slice(sent, sent + PIPELINED).map((lines) => requestText(backend, lines))
    sent += batch.length
    if (batch.length === 0) socket.destroy()
    else socket.write(batch.join(''), 'latin1')
  }
  socket.setEncoding('latin1')
  socket.on('data', (chunk) => {
    const lines = (rest + chunk).split('\r\n')
    rest = lines.pop() as string
    for (const line of lines) if (line.startsWith('x-server: ')) servers.push(line.slice(10))
    if (servers.length >= sent) send()
  })
  socket.once('connect', send)
  await once(socket, 'close')
  if (servers.length !== requests.length) {
    throw new Error(`${servers.length} answers to ${requests.length} requests`)
  }
  return servers
}

async function askOnce(port: number, backend: string, lines: RequestLines) {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.end(requestText(backend, lines), 'latin1')
  const text = await textOf(socket)
  const retries = Number(/^x-retries: \+?(\d+)\r$/m.exec(text)?.[1] ?? Number.NaN)
  const isAnswered = text.startsWith('HTTP/1.1 200 ')
  return { server: isAnswered ? /^x-server: (.*)\r$/m.exec(text)?.[1] : undefined, retries }
}

function requestText(backend: string, lines: RequestLines): string {
  const keys = lines.map((line) => `X-Key:${line}\r\n`).join('')
  return `GET / HTTP/1.1\r\nHost: a\r\nX-Backend: ${backend}\r\n${keys}\r\n`
}

async function command(program: RunningProgram, commands: readonly string[]): Promise<void> {
  const socket = connect(join(program.folder, 'admin'))
  socket.end(`${commands.join(';')}\n`)
  const answer = (await textOf(socket)).trim()
  if (answer !== '') throw new Error(`HAProxy answered its commands with ${answer}`)
}

async function textOf(socket: Socket): Promise<string> {
  socket.setEncoding('latin1')
  let text = ''
  socket.on('data', (chunk) => (text += chunk))
  await once(socket, 'close')
  return text
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' })
  const isOpen = await once(socket, 'connect').then(
    () => true,
    () => false,
  )
  socket.destroy()
  return isOpen
}
