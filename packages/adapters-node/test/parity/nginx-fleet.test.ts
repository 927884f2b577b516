import { writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createSticky } from '@limpet/core'
import { compareWithProxy, nginxHash, type ProxyAnswer, parityKey, parityTable } from '@limpet/core/parity'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import {
  describeWith,
  freePort,
  programFolder,
  type RunningProgram,
  run,
} from '../../../core/test/support/real-program.ts'
import { type Forwarder, forward } from '../../src/index.ts'

// Far above what they take, for machines that are busy with other work.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

/** Values as clients send them, some of which the proxies and Node cut differently. */
const KEYS = [
  ...Array.from({ length: 600 }, (_, index) => `session-${index * 7919}`),
  'a,b',
  '"a,b",c',
  'caf\u00e9',
  'caf\u00c3\u00a9',
  '\u00ff\u00fe',
  'in  between',
  'x'.repeat(2_000),
]

describeWith('nginx', 'a fleet of nginx and a gateway in front of the same pods', () => {
  let pods: Server[] = []
  let nginx: RunningProgram
  let gateway: Server
  let forwarder: Forwarder
  let nginxUrl: string
  let gatewayUrl: string
  let scheme: ReturnType<typeof nginxHash.parse>

  beforeAll(async () => {
    pods = await Promise.all(Array.from({ length: 5 }, pod))
    const upstream = `upstream chat {
      hash $http_x_session consistent;
      ${pods.map((server, index) => `server 127.0.0.1:${portOf(server)} weight=${(index % 2) + 1};`).join('\n')}
    }`
    scheme = nginxHash.parse(upstream, { version: '1.22.1' })
    const port = await freePort()
    nginxUrl = `http://127.0.0.1:${port}/`
    nginx = await startNginx(port, upstream)

    const pool = createSticky({
      key: parityKey(scheme),
      endpoints: pods.map((server) => `http://127.0.0.1:${portOf(server)}`),
      table: parityTable(scheme),
    })
    forwarder = forward(pool)
    gateway = createServer(forwarder.request)
    await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve))
    gatewayUrl = `http://127.0.0.1:${portOf(gateway)}/`
  })

  afterAll(async () => {
    await forwarder?.close()
    for (const server of [gateway, ...pods]) {
      server?.closeAllConnections()
      server?.close()
    }
    await nginx?.stop()
  })

  /** The pod itself says who it is, whichever way the request came. */
  const serverOf = ({ headers }: ProxyAnswer) => headers['x-pod'] as string | undefined

  it('sends every key to the same pod by either way, which is the one that the scheme says', async () => {
    const byNginx = await compareWithProxy(nginxUrl, scheme, KEYS, { serverOf })
    expect(byNginx).toMatchObject({ agreed: KEYS.length, disagreements: [], failures: [] })
    const byGateway = await compareWithProxy(gatewayUrl, scheme, KEYS, { serverOf })
    expect(byGateway).toMatchObject({ agreed: KEYS.length, disagreements: [], failures: [] })
  })

  it('goes on agreeing while a pod is dead: the keys of no other pod move, its own go to the same ones', async () => {
    const dead = pods[1] as Server
    const address = `127.0.0.1:${portOf(dead)}`
    const left = scheme.without(new Set([address]))
    dead.closeAllConnections()
    await new Promise((resolve) => dead.close(resolve))
    const byNginx = await compareWithProxy(nginxUrl, left, KEYS, { serverOf })
    expect(byNginx).toMatchObject({ agreed: KEYS.length, disagreements: [], failures: [] })
    const byGateway = await compareWithProxy(gatewayUrl, left, KEYS, { serverOf })
    expect(byGateway).toMatchObject({ agreed: KEYS.length, disagreements: [], failures: [] })
    expect(KEYS.some((key) => scheme.pick(Buffer.from(key, 'latin1'))?.address === address)).toBe(true)
  })
})

async function pod(): Promise<Server> {
  const server = createServer((_request, response) => {
    response.setHeader('X-Pod', `127.0.0.1:${portOf(server)}`)
    response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

async function startNginx(port: number, upstream: string): Promise<RunningProgram> {
  const folder = programFolder()
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${folder}/${kind};`,
  )
  const file = join(folder, 'nginx.conf')
  writeFileSync(
    file,
    `daemon off; master_process off; pid ${folder}/pid; error_log stderr emerg;
    events { worker_connections 512; }
    http {
      access_log off; ${paths.join(' ')}
      ${upstream}
      server { listen 127.0.0.1:${port}; location / { proxy_pass http://chat; } }
    }`,
  )
  const isReady = async () => {
    try {
      await fetch(`http://127.0.0.1:${port}/`)
      return true
    } catch {
      return false
    }
  }
  return run('nginx', ['-e', 'stderr', '-p', folder, '-c', file], folder, isReady)
}
