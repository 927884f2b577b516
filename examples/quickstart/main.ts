// The main job: a gateway in front of three pods. Requests with the same x-session header reach the same pod.
import { channel } from 'node:diagnostics_channel'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { forward } from '@limpet/adapters-node'
import { type ChannelMessages, createSticky, header, staticDiscovery } from '@limpet/core'
import { Board } from './board.ts'
import { Pods } from './pods.ts'

const port = Number(process.env.PORT ?? 8080)
if (!Number.isInteger(port) || port < 0 || port > 65_535) {
  console.error(`PORT: expected a number from 0 to 65535, got "${process.env.PORT}"`)
  process.exit(1)
}

const pods = new Pods()
const started = await Promise.all([pods.start(), pods.start(), pods.start()])
let endpoints = started.map(({ name, host, port }) => ({ name, host, port }))

const discovery = staticDiscovery(endpoints)
const sticky = createSticky({ key: header('x-session'), endpoints: discovery })
const proxy = forward(sticky)

const board = new Board((line) => console.log(line))
let current: IncomingMessage | undefined
channel('limpet:route').subscribe((message) => {
  const { route } = message as ChannelMessages['limpet:route']
  board.show(current?.headers['x-session'] as string | undefined, route)
})

const gateway = createServer((request, response) => {
  // With a table in memory the route is decided, and published, within this call.
  current = request
  proxy.request(request, response)
  current = undefined
}).on('upgrade', proxy.upgrade)

gateway.on('error', (error: NodeJS.ErrnoException) => {
  const isTaken = error.code === 'EADDRINUSE'
  console.error(isTaken ? `Port ${port} is taken. Try another: PORT=${port + 1} npm start` : error.message)
  pods.killAll()
  process.exit(1)
})

gateway.listen(port, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`
  for (const { name, pid } of started) console.log(`${name} runs as process ${pid}`)
  console.log(`Gateway on ${url}. Try, several times each:

  curl -H 'x-session: alice' ${url}/
  curl -H 'x-session: bob' ${url}/
  curl ${url}/

Type "kill pod-1", "add" or "quit" (or press Ctrl-C).
`)
})

const commands = createInterface({ input: process.stdin, terminal: false })
commands.on('line', async (line) => {
  const [command, name = ''] = line.trim().split(/\s+/)
  if (command === 'kill') console.log(pods.kill(name) ? `${name} is killed` : `There is no ${name}`)
  else if (command === 'quit') await end()
  else if (command === 'add') {
    const { pid, ...endpoint } = await pods.start()
    endpoints = [...endpoints, endpoint]
    discovery.replace(endpoints)
    console.log(`${endpoint.name} runs as process ${pid}`)
  } else if (command !== '') console.log('Commands: kill pod-1, add, quit')
})

let isEnding = false
async function end(): Promise<void> {
  if (isEnding) return
  isEnding = true
  commands.close()
  gateway.close()
  gateway.closeAllConnections()
  await proxy.close()
  await sticky.close()
  pods.killAll()
  // All is closed; only a read of stdin can still be under way, and where that is a named pipe it cannot be cancelled.
  process.exit(0)
}
process.on('SIGINT', end)
process.on('SIGTERM', end)
