import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { fileURLToPath } from 'node:url'
import { drainWait } from '@limpet/adapters-node'
import { createSticky, header, memoryTable, type Sticky } from '@limpet/core'
import { afterEach, describe, expect, it } from 'vitest'

/** A replica of the gateway as the hook sees it: a pool with a key on `web-1`, and its drains on a port. */
interface Replica {
  readonly pool: Sticky
  readonly server: Server
  readonly release: () => unknown
  /** Resolves when the hook has asked. */
  readonly asked: Promise<unknown>
}

const HOOK = fileURLToPath(new URL('../pre-stop.ts', import.meta.url))
const replicas: Replica[] = []
const others: Server[] = []
const hooks: ChildProcess[] = []
let port = 0

afterEach(async () => {
  for (const hook of hooks.splice(0)) hook.kill('SIGKILL')
  for (const { pool, server } of replicas.splice(0)) {
    server.close()
    server.closeAllConnections()
    await pool.close()
  }
  for (const server of others.splice(0)) {
    server.close()
    server.closeAllConnections()
  }
  port = 0
})

async function replica(address: string): Promise<Replica> {
  const table = memoryTable()
  const pool = createSticky({
    key: header('x-session-id'),
    table,
    endpoints: [{ name: 'web-1', host: '127.0.0.1', port: 1 }],
  })
  const route = await pool.route({ headers: { 'x-session-id': 'alice' } })
  expect(route.kind).toBe('bound')
  route.settle({ status: 200 })
  route.done()
  const server = createServer(drainWait(pool, { maxWaitMs: 100 }))
  const asked = once(server, 'request')
  server.listen(port, address)
  await once(server, 'listening')
  port = (server.address() as { port: number }).port
  const made = { pool, server, asked, release: () => table.release('alice') }
  replicas.push(made)
  return made
}

/** A server that always answers so; gives the number of its requests. */
async function answering(status: number, address: string): Promise<() => number> {
  let count = 0
  const server = createServer((_request, response) => {
    count++
    response.writeHead(status).end()
  })
  server.listen(port, address)
  await once(server, 'listening')
  others.push(server)
  return () => count
}

/** Runs the hook as the kubelet does, in a cluster where the Service's name leads to these addresses. */
function hook(
  ask: string,
  addresses: readonly string[],
  seconds = '60',
): Promise<unknown[]> & { isOver: () => boolean } {
  const answers = JSON.stringify(addresses.map((address) => ({ address, family: 4 })))
  const cluster = `import dns from 'node:dns/promises'
    import { syncBuiltinESMExports } from 'node:module'
    dns.lookup = async () => { if (${addresses.length === 0}) throw new Error('ENOTFOUND'); return ${answers} }
    syncBuiltinESMExports()`
  const child = spawn(
    process.execPath,
    [`--import=data:text/javascript,${encodeURIComponent(cluster)}`, HOOK],
    {
      env: { POD_NAME: 'web-1', GATEWAY_ADMIN: `gateway-admin:${port}`, ASK: ask, WAIT_SECONDS: seconds },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  )
  hooks.push(child)
  return Object.assign(once(child, 'exit'), { isOver: () => child.exitCode !== null })
}

describe('the preStop hook', () => {
  it('waits until every replica has drained the pod, where each has a table', async () => {
    const one = await replica('127.0.0.1')
    const other = await replica('127.0.0.2')
    const ended = hook('every', ['127.0.0.1', '127.0.0.2'])
    await Promise.all([one.asked, other.asked])
    await one.release()
    // It has asked again, after the answer that it is not over yet: the other replica still keeps it.
    await once(other.server, 'request')
    expect(ended.isOver()).toBe(false)
    await other.release()
    expect(await ended).toEqual([0, null])
  })

  it('asks one replica where all have one table: another if that one is not there, or has only begun', async () => {
    const one = await replica('127.0.0.2')
    // Knows no pod yet.
    const begun = await answering(404, '127.0.0.3')
    const other = await answering(200, '127.0.0.4')
    const ended = hook('any', ['127.0.0.1', '127.0.0.3', '127.0.0.2', '127.0.0.4'])
    await one.asked
    await one.release()
    expect(await ended).toEqual([0, null])
    expect([begun(), other()]).toEqual([1, 0])
  })

  it('ends when its time is up, whatever is bound', async () => {
    await replica('127.0.0.1')
    expect(await hook('every', ['127.0.0.1'], '1')).toEqual([0, null])
  })

  it.each(['every', 'any'])('keeps no pod where there is no gateway: %s', async (ask) => {
    expect(await hook(ask, [])).toEqual([0, null])
    expect(await hook(ask, ['127.0.0.1'])).toEqual([0, null])
  })
})
