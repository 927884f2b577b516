import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { ClientHttp2Session } from 'node:http2'
import { constants } from 'node:http2'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { type EchoPod, startEchoPod } from '../../src/testing/echo-pod.ts'
import { CERTIFICATE, http2Client, later } from './scene.ts'

const SCRIPT = fileURLToPath(new URL('gateway-process.ts', import.meta.url))
const DELAY_MS = 600
const GRACE_MS = 5_000

interface GatewayProcess {
  readonly child: ChildProcess
  readonly port: number
  readonly admin: string
  /** Exit code, or the signal that ended it, and the last line that it wrote. */
  readonly exit: Promise<{ readonly code: number | string; readonly said: string }>
}

async function gatewayProcess(pod: EchoPod, env: Record<string, string> = {}): Promise<GatewayProcess> {
  const { port: podPort } = pod.endpoint as { port: number }
  const child = spawn(process.execPath, ['--conditions=@limpet/source', SCRIPT], {
    env: { ...process.env, POD: `${podPort}`, DELAY: `${DELAY_MS}`, GRACE: `${GRACE_MS}`, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  later(() => child.kill('SIGKILL'))
  let said = ''
  const lines = createInterface({ input: child.stdout }).on('line', (line) => {
    said = line
  })
  const exit = once(child, 'close').then(([code, signal]) => ({ code: code ?? signal, said }))
  const [first] = await once(lines, 'line')
  return { child, exit, ...JSON.parse(first) }
}

/** Answers after 2 ms; what asks for `/long` when it is told to. */
async function pod() {
  const long = Promise.withResolvers<ServerResponse>()
  const answer = (asked: IncomingMessage, response: ServerResponse) => {
    asked.resume()
    if (asked.url === '/long') long.resolve(response)
    else setTimeout(() => response.end('ok'), 2)
  }
  const made = await startEchoPod('p', { answer })
  later(() => made.close())
  return { made, long: long.promise }
}

/** One request over HTTP/1.1. `refused`: it found nobody; `lost`: somebody had taken it, or its connection. */
function askOnce(port: number, agent: Agent, method: string, path = '/'): Promise<string> {
  return new Promise((resolve) => {
    const sent = request({ port, host: '127.0.0.1', agent, method, path }, (response) => {
      response.on('error', () => resolve('lost: within its answer'))
      response.resume().on('end', () => resolve(`${response.statusCode}`))
    })
    // Connections that wait to be accepted are reset when nobody listens any more.
    sent.on('error', (error: NodeJS.ErrnoException) =>
      resolve(sent.reusedSocket ? `lost: ${error.code}` : 'refused'),
    )
    sent.end(method === 'POST' ? 'body' : undefined)
  })
}

function askOnceHttp2(session: ClientHttp2Session): Promise<string> {
  if (session.closed || session.destroyed) return Promise.resolve('again')
  return new Promise((resolve) => {
    const stream = session.request({ ':path': '/' })
    let status: number | undefined
    stream.on('response', (head) => {
      status = head[':status']
    })
    stream.on('error', () => undefined)
    stream.resume().on('close', () => {
      const { rstCode } = stream
      // By GOAWAY the client knows that nobody has taken it.
      if (status === undefined && rstCode === constants.NGHTTP2_REFUSED_STREAM) resolve('again')
      else resolve(rstCode === 0 && status ? `${status}` : `lost: ${rstCode}`)
    })
  })
}

describe('a process with serve() at SIGTERM under load', () => {
  it('answers every request over HTTP/1.1, and exits by itself with 0', { timeout: 30_000 }, async () => {
    const { made, long } = await pod()
    const { child, port, admin, exit } = await gatewayProcess(made)
    const agent = new Agent({ keepAlive: true, maxSockets: 16 })
    later(() => agent.destroy())
    const outcomes: { readonly outcome: string; readonly at: number }[] = []
    let endedAt = Number.POSITIVE_INFINITY
    const clients = Array.from({ length: 16 }, async (_, i) => {
      for (let outcome = ''; outcome !== 'refused'; ) {
        outcome = await askOnce(port, agent, i % 2 ? 'GET' : 'POST')
        outcomes.push({ outcome, at: performance.now() - endedAt })
      }
    })
    const longAgent = new Agent({ keepAlive: true })
    later(() => longAgent.destroy())
    const asking = askOnce(port, longAgent, 'GET', '/long')
    const held = await long
    await expect.poll(() => outcomes.length, { timeout: 10_000 }).toBeGreaterThan(200)
    expect((await fetch(`${admin}/-/ready`)).status).toBe(200)

    endedAt = performance.now()
    child.kill('SIGTERM')
    await expect.poll(async () => (await fetch(`${admin}/-/ready`)).status, { timeout: 10_000 }).toBe(503)
    await Promise.all(clients)
    // Nothing is accepted any more, and what was is still answered.
    held.end('long')
    expect(await asking).toBe('200')
    expect(await exit).toEqual({ code: 0, said: 'closed' })
    expect(performance.now() - endedAt).toBeLessThan(DELAY_MS + GRACE_MS)

    const bad = outcomes.filter(({ outcome }) => outcome !== '200' && outcome !== 'refused')
    expect(bad).toEqual([])
    const refused = outcomes.filter(({ outcome }) => outcome === 'refused')
    expect(refused.length).toBe(16)
    for (const { at } of refused) expect(at).toBeGreaterThanOrEqual(DELAY_MS)
    const served = outcomes.filter(({ outcome, at }) => outcome === '200' && at > 0 && at < DELAY_MS)
    expect(served.length).toBeGreaterThan(16)
  })

  it('answers every request over HTTP/2 that it has taken', { timeout: 30_000 }, async () => {
    const { made } = await pod()
    const { cert: CERT, key: KEY } = CERTIFICATE
    const { child, port, exit } = await gatewayProcess(made, { CERT, KEY })
    const outcomes: string[] = []
    let isRefused = false
    const clients = Array.from({ length: 4 }, async () => {
      while (!isRefused) {
        const session = http2Client({ port })
        const failed = once(session, 'connect').then(
          () => false,
          () => true,
        )
        if (await failed) return
        const streams = Array.from({ length: 8 }, async () => {
          for (let outcome = ''; outcome !== 'again' && !isRefused; ) {
            outcome = await askOnceHttp2(session)
            outcomes.push(outcome)
          }
        })
        await Promise.all(streams)
      }
    })
    await expect.poll(() => outcomes.length, { timeout: 10_000 }).toBeGreaterThan(200)
    child.kill('SIGTERM')
    expect(await exit).toEqual({ code: 0, said: 'closed' })
    isRefused = true
    await Promise.all(clients)
    expect([...new Set(outcomes)].sort()).toEqual(['200', 'again'])
  })
})

describe('a process with serve() at a second signal', () => {
  it('cuts at once, and exits with 0', { timeout: 30_000 }, async () => {
    const { made, long } = await pod()
    const { child, port, exit } = await gatewayProcess(made, { DELAY: '60000', GRACE: '60000' })
    const agent = new Agent()
    later(() => agent.destroy())
    const asking = askOnce(port, agent, 'GET', '/long')
    await long
    child.kill('SIGTERM')
    await expect.poll(() => askOnce(port, agent, 'GET'), { timeout: 10_000 }).toBe('200')
    child.kill('SIGINT')
    expect(await asking).not.toBe('200')
    expect(await exit).toEqual({ code: 0, said: 'closed' })
  })
})
