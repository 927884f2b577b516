// One gateway: a process of its own, so that all it shares with the other one is Redis.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { forward } from '@limpet/adapters-node'
import { createSticky, header } from '@limpet/core'
import { redisTable } from '@limpet/core/redis'
import { createClient } from 'redis'

const [url, ...pods] = process.argv.slice(2) as [string, ...string[]]

const client = createClient({ url })
// Without a listener a lost connection would end the process; the table sees it as a call that fails.
client.on('error', () => undefined)
await client.connect()

const table = redisTable(client, { pool: 'example' })
const sticky = createSticky({ key: header('x-session'), endpoints: pods, table })
const proxy = forward(sticky)
const server = createServer(proxy.request).on('upgrade', proxy.upgrade)
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))

process.once('disconnect', async () => {
  server.close()
  server.closeAllConnections()
  await proxy.close()
  await sticky.close()
  await table.close()
  client.destroy()
})
