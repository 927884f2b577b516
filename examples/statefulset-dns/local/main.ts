// The example without a cluster: a DNS server such as a cluster has, three pods, and the gateway, each a process.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { ClusterDns } from './cluster-dns.ts'
import { Pods } from './pods.ts'

const NAMES = ['web-0', 'web-1', 'web-2']

const dns = await ClusterDns.start()
const pods = new Pods(dns)
// One after the other, as a StatefulSet does; the first one chooses the port.
for (const name of NAMES) console.log(`${name} runs at ${await pods.start(name)}`)

const gateway = fork(new URL('../gateway.ts', import.meta.url), {
  execArgv: ['--conditions=@limpet/source'],
  env: {
    ...process.env,
    PORT: process.env.PORT ?? '0',
    ADMIN_PORT: '0',
    HOST: '127.0.0.1',
    POD_PORT: String(pods.port),
    DNS_SERVERS: dns.address,
  },
})
const ended = once(gateway, 'exit')
ended.then(([code]) => end(code ?? 1))
const [{ url }] = (await once(gateway, 'message')) as [{ url: string }]

console.log(`Try, several times each:

  curl -H 'x-session-id: alice' ${url}/
  curl -H 'x-session-id: bob' ${url}/

Type "stop web-1", "start web-1" or "quit" (or press Ctrl-C).
`)

const commands = createInterface({ input: process.stdin, terminal: false })
commands.on('line', async (line) => {
  const [command, name = ''] = line.trim().split(/\s+/)
  if (command === 'quit') await end(0)
  else if (command === 'stop')
    console.log((await pods.stop(name)) ? `${name} is stopped` : `${name} does not run`)
  else if (command === 'start' && NAMES.includes(name)) {
    const address = await pods.start(name)
    console.log(address ? `${name} runs at ${address}` : `${name} runs already`)
  } else if (command !== '') console.log(`Commands: stop, start with ${NAMES.join(', ')}; quit`)
})

let isEnding = false
async function end(code: number): Promise<void> {
  if (isEnding) return
  isEnding = true
  commands.close()
  if (gateway.connected) gateway.disconnect()
  await ended
  await pods.stopAll()
  await dns[Symbol.asyncDispose]()
  process.exit(code)
}
process.on('SIGINT', () => void end(0))
process.on('SIGTERM', () => void end(0))
