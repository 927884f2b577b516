import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { freePort, programFolder, type RunningProgram, run } from '../../support/real-program.ts'

/** What nginx answered: the status, and the headers' values by lower-case name, one character for each byte. */
export interface Answer {
  readonly status: number
  readonly headers: ReadonlyMap<string, string>
}

/** A running nginx on loopback. */
export interface LiveNginx {
  /** Sends requests (whole heads, one character for each byte), many at once, and gives the answers in their order. */
  ask(heads: readonly string[]): Promise<readonly Answer[]>
  stop(): Promise<void>
}

/** Requests that are on their way on one connection; what nginx has read ahead stays below its buffers. */
const DEPTH = 16
const CONNECTIONS = 6

/** Starts nginx with `http` as what stands in the block of that name; `port` is where `ask` connects. */
export async function startNginx(http: (port: number) => string): Promise<LiveNginx> {
  const folder = programFolder()
  const port = await freePort()
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${folder}/${kind};`)
    .join(' ')
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; master_process off; pid ${folder}/pid; error_log stderr emerg;
    events { worker_connections 1024; }
    http { access_log off; ${paths} keepalive_requests 1000000; large_client_header_buffers 8 32k;
    ${http(port)} }`,
  )
  const args = ['-e', 'stderr', '-p', folder, '-c', join(folder, 'nginx.conf')]
  const program: RunningProgram = await run('nginx', args, folder, () => answers(port))
  return { ask: (heads) => askAll(port, heads), stop: () => program.stop() }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

async function askAll(port: number, heads: readonly string[]): Promise<readonly Answer[]> {
  const all: Answer[] = new Array(heads.length)
  let next = 0
  const askSome = async () => {
    while (next < heads.length) {
      const from = next
      const to = Math.min(heads.length, from + DEPTH)
      next = to
      for (let at = from; at < to; ) {
        const found = await exchange(port, heads.slice(at, to))
        if (found.length === 0) throw new Error(`no answer to ${JSON.stringify(heads[at])}`)
        for (const answer of found) all[at++] = answer
      }
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, askSome))
  return all
}

/** One connection; fewer answers than requests where nginx closed it, which it does after a 400. */
async function exchange(port: number, heads: readonly string[]): Promise<Answer[]> {
  const socket: Socket = connect(port, '127.0.0.1')
  const found: Answer[] = []
  let text = ''
  socket.setEncoding('latin1').setTimeout(10_000, () => socket.destroy(new Error('nginx does not answer')))
  socket.write(heads.join(''), 'latin1')
  try {
    for await (const chunk of socket) {
      text += chunk
      for (let read = answerIn(text); read; read = answerIn(text)) {
        found.push(read.answer)
        text = text.slice(read.length)
      }
      if (found.length === heads.length) break
    }
  } finally {
    socket.destroy()
  }
  return found
}

function answerIn(text: string): { answer: Answer; length: number } | undefined {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const [status = '', ...lines] = text.slice(0, end).split('\r\n')
  const headers = new Map<string, string>()
  for (const line of lines) {
    const colon = line.indexOf(':')
    headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 2))
  }
  const length = end + 4 + Number(headers.get('content-length') ?? 0)
  return text.length < length
    ? undefined
    : { answer: { status: Number(status.split(' ')[1]), headers }, length }
}

/** The version of the nginx that `startNginx` starts. */
export function installedNginx(): string {
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/local/sbin:/usr/sbin:/sbin` }
  const { stderr } = spawnSync('nginx', ['-v'], { env, encoding: 'utf8' })
  const version = /nginx\/(\d+\.\d+\.\d+)/.exec(stderr)?.[1]
  if (version === undefined) throw new Error(`nginx does not tell its version: ${stderr}`)
  return version
}
