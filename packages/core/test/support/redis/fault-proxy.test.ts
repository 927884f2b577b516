import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type TcpFaultProxy, type TcpFaultProxyOptions, tcpFaultProxy } from './fault-proxy.ts'
import { until } from './until.ts'

describe('tcpFaultProxy', () => {
  it('passes bytes and ends both ways, and lists what is open', async () => {
    const { proxy, client } = await rig()
    const own = await client()
    own.socket.write('hello')
    await own.has('hello')
    expect(proxy.connections).toHaveLength(1)
    expect(proxy.connections[0]).toMatchObject({
      id: 1,
      clientPort: own.socket.localPort,
      bytesToServer: 5,
      bytesToClient: 5,
      bytesLost: 0,
    })
    own.socket.end()
    await own.closed
    expect(own.error()).toBeUndefined()
    await until('nothing is listed', () => proxy.connections.length === 0)
  })

  it('cuts all connections, or one', async () => {
    const { proxy, client, serverSockets } = await rig()
    const clients = [await client(), await client(), await client()]
    await until('three', () => serverSockets.length === 3)
    proxy.connections.find(({ clientPort }) => clientPort === clients[1]?.socket.localPort)?.cut()
    await clients[1]?.closed
    expect(clients[1]?.error()).toBe('ECONNRESET')
    clients[0]?.socket.write('still')
    await clients[0]?.has('still')
    proxy.cut()
    await Promise.all(clients.map(({ closed }) => closed))
    expect(clients[0]?.error()).toBe('ECONNRESET')
    await until('the server lost them, too', () => serverSockets.every(({ destroyed }) => destroyed))
    const after = await client()
    after.socket.write('again')
    await after.has('again')
  })

  it('cuts while it passes on the end of a connection', async () => {
    const { proxy, client, serverSockets } = await rig({ fault: { kind: 'stall' } })
    const own = await client()
    await until('one', () => serverSockets.length === 1)
    own.socket.end()
    serverSockets[0]?.end()
    await until('the proxy has seen the ends', () => proxy.connections[0]?.hasEnded)
    // The ends are passed on, and the connection is cut before they are through.
    proxy.set({ kind: 'pass' })
    proxy.cut()
    await until('it is gone', () => proxy.connections.length === 0)
  })

  it('refuses new connections and keeps those that are open', async () => {
    const { proxy, client } = await rig()
    const before = await client()
    await proxy.set({ kind: 'refuse' })
    await expect(client()).rejects.toThrow('ECONNREFUSED')
    before.socket.write('open')
    await before.has('open')
    await proxy.set({ kind: 'pass' })
    await client()
  })

  it('swallows both ways in a blackhole, closes nothing, and resets afterwards what lost bytes', async () => {
    const { proxy, client, serverSockets, serverHas } = await rig()
    const before = await client()
    const idle = await client()
    await until('two', () => serverSockets.length === 2)
    await proxy.set({ kind: 'blackhole' })
    const during = await client()
    before.socket.write('lost')
    during.socket.write('lost, too')
    serverSockets[0]?.write('reply')
    await until('all is swallowed', () => bytesLost(proxy) === 18)
    expect([before, during, idle].map(({ socket }) => socket.destroyed)).toEqual([false, false, false])
    expect([before.text(), serverHas()]).toEqual(['', ''])
    await proxy.set({ kind: 'pass' })
    await Promise.all([before.closed, during.closed])
    expect(before.error()).toBe('ECONNRESET')
    idle.socket.write('alive')
    await idle.has('alive')
  })

  it('swallows one way alone', async () => {
    const { proxy, client, serverHas } = await rig({ fault: { kind: 'blackhole', way: 'toClient' } })
    const own = await client()
    own.socket.write('asked')
    await until('the server has it, and the answer is lost', () => bytesLost(proxy) === 5)
    expect([own.text(), serverHas()]).toEqual(['', 'asked'])
    await proxy.set({ kind: 'blackhole', way: 'toServer' })
    const other = await client()
    other.socket.write('unheard')
    await until('nothing arrives', () => bytesLost(proxy) === 7)
    expect(serverHas()).toBe('asked')
  })

  it('holds back in a stall what arrives afterwards, ends included', async () => {
    const { proxy, client, serverSockets, serverHas } = await rig()
    const own = await client()
    await until('one', () => serverSockets.length === 1)
    await proxy.set({ kind: 'stall', way: 'toServer' })
    own.socket.end('late')
    serverSockets[0]?.write('reply')
    await own.has('reply')
    expect(serverHas()).toBe('')
    await proxy.set({ kind: 'pass' })
    await own.closed
    expect([serverHas(), own.text(), own.error()]).toEqual(['late', 'replylate', undefined])
  })

  it('delays each piece without stacking delays, with jitter from the seed, in order', async () => {
    const { client } = await rig({ fault: { kind: 'delay', ms: 50, jitterMs: 10 }, seed: 7 })
    const own = await client()
    const started = performance.now()
    let sent = ''
    for (let piece = 0; piece < 20; piece++) {
      own.socket.write(`${piece};`)
      sent += `${piece};`
      await new Promise((resolve) => setImmediate(resolve))
    }
    await own.has(sent)
    const took = performance.now() - started
    expect(took).toBeGreaterThanOrEqual(100)
    // One after the other, twenty pieces would take at least 1000 ms each way.
    expect(took).toBeLessThan(1000)
  })

  it('lets so many bytes pass in a second', async () => {
    const { client } = await rig({ fault: { kind: 'slow', bytesPerSecond: 10_000 } })
    const own = await client()
    const started = performance.now()
    own.socket.write('x'.repeat(1000))
    await own.has('x'.repeat(1000))
    expect(performance.now() - started).toBeGreaterThanOrEqual(100)
  })

  it('cuts in the middle of a reply', async () => {
    const { client, serverHas } = await rig({ fault: { kind: 'cutAfter', replyBytes: 7 } })
    const own = await client()
    own.socket.write('12345')
    await own.has('12345')
    own.socket.write('67890')
    await own.closed
    expect([own.text(), own.error(), serverHas()]).toEqual(['1234567', 'ECONNRESET', '1234567890'])
  })

  it('holds back megabytes in little memory, and passes them whole', async () => {
    const { proxy, client } = await rig({ fault: { kind: 'stall' } })
    const own = await client()
    const big = 'x'.repeat(16 << 20)
    own.socket.write(big)
    const seen: (number | undefined)[] = []
    await until('it takes no more', () => {
      seen.unshift(proxy.connections[0]?.bytesHeld)
      return seen.length > 10 && seen[0] !== 0 && seen.slice(0, 10).every((held) => held === seen[0])
    })
    expect(seen[0]).toBeLessThan(2 << 20)
    await proxy.set({ kind: 'pass' })
    await until('all came back', () => proxy.connections[0]?.bytesToClient === big.length)
    await until('and is read', () => own.text().length === big.length)
    expect(own.text() === big).toBe(true)
  })

  it('resets clients of a server that is not there', async () => {
    const { port } = await rig().then(async ({ proxy }) => {
      await proxy.close()
      return proxy
    })
    const proxy = await tcpFaultProxy(port)
    onTestFinished(() => proxy.close())
    const own = await clientOf(proxy)
    await own.closed
    expect(own.error()).toBe('ECONNRESET')
  })
})

const bytesLost = ({ connections }: TcpFaultProxy) =>
  connections.reduce((sum, connection) => sum + connection.bytesLost, 0)

/** A proxy in front of a server that sends back what it gets. */
async function rig(options: TcpFaultProxyOptions = {}) {
  const serverSockets: Socket[] = []
  let got = ''
  const server = createServer((socket) => {
    serverSockets.push(socket)
    socket.on('error', () => {})
    socket.on('data', (bytes) => (got += bytes))
    socket.pipe(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const proxy = await tcpFaultProxy((server.address() as AddressInfo).port, options)
  onTestFinished(async () => {
    await proxy.close()
    server.close()
    for (const socket of serverSockets) socket.destroy()
  })
  return { proxy, client: () => clientOf(proxy), serverSockets, serverHas: () => got }
}

async function clientOf(proxy: TcpFaultProxy) {
  const socket = connect(proxy.port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  const chunks: string[] = []
  let failed: string | undefined
  socket.on('error', (error: NodeJS.ErrnoException) => (failed = error.code))
  socket.on('data', (bytes) => chunks.push(`${bytes}`))
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  const text = () => chunks.join('')
  return {
    socket,
    closed,
    text,
    error: () => failed,
    has: (what: string) => until(what.slice(0, 20), () => text() === what),
  }
}
