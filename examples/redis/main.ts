// Two gateways in front of three pods, with one Redis: whichever gateway a session comes to, it reaches the same pod.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { exampleRedis } from './redis.ts'

const children: ChildProcess[] = []

/** Starts a process of the example, and gives the port that it listens on. */
async function start(file: string, ...args: string[]): Promise<string> {
  const child = fork(new URL(file, import.meta.url), args, { execArgv: ['--conditions=@limpet/source'] })
  children.push(child)
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  return `http://127.0.0.1:${port}`
}

const redis = await exampleRedis().catch((error: Error) => {
  console.error(error.message)
  process.exit(1)
})
const pods = await Promise.all(['pod-1', 'pod-2', 'pod-3'].map((name) => start('pod.ts', name)))
const gateways = await Promise.all([
  start('gateway.ts', redis.url, ...pods),
  start('gateway.ts', redis.url, ...pods),
])

console.log(`Gateways on ${gateways.join(' and ')}, with Redis at ${redis.url}. Try, several times each:
${gateways.map((url) => `\n  curl -H 'x-session: alice' ${url}/\n  curl -H 'x-session: bob' ${url}/`).join('')}

Ctrl-C ends it.
`)

function end(): void {
  for (const child of children) child.disconnect()
  redis.stop()
  process.exitCode = 0
}
process.once('SIGINT', end)
process.once('SIGTERM', end)
