import { execFile } from 'node:child_process'
import { Agent, request } from 'node:http'
import { createServer } from 'node:net'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Demo, isRunning } from './demo.ts'

const KEYS = Array.from({ length: 200 }, (_, index) => `key-${index}`)
const agent = new Agent({ keepAlive: true, maxSockets: 16 })

let demo: Demo
let url: string

interface Answer {
  readonly status: number
  readonly pod: string
}

function ask(key: string, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent, method, headers: { 'x-session': key } }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => (body += text))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, pod: JSON.parse(body).pod }))
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end(method === 'POST' ? 'x'.repeat(2_000) : undefined)
  })
}

async function podOfEachKey(): Promise<Map<string, string>> {
  const answers = await Promise.all(KEYS.map(async (key) => [key, (await ask(key)).pod] as const))
  return new Map(answers)
}

describe('the quickstart', { timeout: 60_000 }, () => {
  beforeEach(async () => {
    demo = new Demo('0')
    const [, found] = await demo.printed(/Gateway on (http:\S+)\. Try[\s\S]*Ctrl-C/)
    url = found as string
  })

  afterEach(async () => {
    demo.process.kill('SIGKILL')
    await demo.exit
    agent.destroy()
  })

  it('prints curl lines that work', async () => {
    const [, key, target] = /curl -H 'x-session: (\w+)' (\S+)/.exec(demo.output) as RegExpExecArray
    const { stdout } = await promisify(execFile)('curl', ['-sS', '-H', `x-session: ${key}`, target as string])
    expect(JSON.parse(stdout).pod).toMatch(/^pod-[123]$/)
    await demo.printed(new RegExp(`${key} → pod-[123] \\(bound\\)`))
  })

  it('sends 5 requests of each of 200 keys to one pod each, and uses all three', async () => {
    const first = await podOfEachKey()
    for (let round = 0; round < 4; round++) expect(await podOfEachKey()).toEqual(first)
    expect(new Set(first.values())).toEqual(new Set(['pod-1', 'pod-2', 'pod-3']))
  })

  it('moves the keys of a killed pod once, leaves the others, and loses no request that could be saved', async () => {
    const before = await podOfEachKey()
    const victim = 'pod-2'
    const seen = new Map<string, string[]>(KEYS.map((key) => [key, []]))
    const failures: string[] = []
    let isLoading = true
    const load = async (worker: number) => {
      for (let turn = worker; isLoading || turn < worker + 8 * 40; turn += 8) {
        const key = KEYS[turn % KEYS.length] as string
        const method = turn % 5 === 0 ? 'POST' : 'GET'
        const { status, pod } = await ask(key, method)
        if (status === 200) seen.get(key)?.push(pod)
        else failures.push(`${method} ${status}`)
      }
    }
    const workers = Array.from({ length: 8 }, (_, worker) => load(worker))
    await Promise.all(KEYS.slice(0, 20).map((key) => ask(key)))
    process.kill(demo.pids().get(victim) as number, 'SIGKILL')
    await podOfEachKey()
    isLoading = false
    await Promise.all(workers)

    // A POST that the dead pod may have seen is not sent twice, and each worker had at most one under way.
    expect(failures.filter((failure) => failure !== 'POST 502')).toEqual([])
    expect(failures.length).toBeLessThanOrEqual(workers.length)
    for (const [key, pods] of seen) {
      const was = before.get(key) as string
      const moves = pods.filter((pod, index) => pod !== (pods[index - 1] ?? was)).length
      expect(moves, `${key} was at ${was}, then ${pods}`).toBe(was === victim && pods.length > 0 ? 1 : 0)
    }
    const after = await podOfEachKey()
    for (const [key, pod] of before) if (pod !== victim) expect(after.get(key)).toBe(pod)
    expect([...after.values()]).not.toContain(victim)
  })

  it('moves nothing when a pod is added', async () => {
    const before = await podOfEachKey()
    demo.type('add')
    await demo.printed(/pod-4 runs as process/)
    expect(await podOfEachKey()).toEqual(before)
    const fresh = await Promise.all(Array.from({ length: 60 }, (_, index) => ask(`fresh-${index}`)))
    expect(fresh.map(({ pod }) => pod)).toContain('pod-4')
  })

  it.each(['SIGINT', 'SIGTERM'] as const)('ends cleanly on %s, with its pods', async (signal) => {
    await ask('alice')
    const pids = [...demo.pids().values()]
    expect(pids).toHaveLength(3)
    demo.process.kill(signal)
    expect(await demo.exit).toEqual([0, null])
    await expect.poll(() => pids.filter(isRunning), { timeout: 10_000 }).toEqual([])
  })

  it('leaves no pod behind when it is killed itself', async () => {
    const pids = [...demo.pids().values()]
    demo.process.kill('SIGKILL')
    await demo.exit
    await expect.poll(() => pids.filter(isRunning), { timeout: 10_000 }).toEqual([])
  })
})

describe('the quickstart that cannot start', { timeout: 30_000 }, () => {
  it('names the port that is taken, and how to take another', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => taken.once('listening', resolve))
    const { port } = taken.address() as { port: number }
    const failing = new Demo(String(port))
    expect(await failing.exit).toEqual([1, null])
    expect(failing.output).toContain(`Port ${port} is taken. Try another: PORT=${port + 1} npm start`)
    taken.close()
  })

  it('refuses a PORT that is none', async () => {
    const failing = new Demo('http')
    expect(await failing.exit).toEqual([1, null])
    expect(failing.output).toContain('PORT: expected a number from 0 to 65535, got "http"')
  })
})
