import { Agent, request } from 'node:http'
import type { Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { createSticky, header } from '@limpet/core'
import { describe, expect, it } from 'vitest'
import { serve } from '../../src/index.ts'
import { requestUpgrade } from '../../src/testing/upgrade-client.ts'
import { advanceUntil, GET, gatewayScene, later, rawClient } from './scene.ts'

const ready = async (url: string | undefined) => (await fetch(`${url}/-/ready`)).status

const ADMIN = { port: 0, host: '127.0.0.1' }

async function isClosed(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}`).then(
    () => false,
    () => true,
  )
}

describe('end() of a gateway', () => {
  it('is not ready at once, serves on for the delay, tells clients to go in its second half, then closes', async () => {
    const { clock, gateway } = await gatewayScene({ admin: ADMIN, readinessDelayMs: 4_000 })
    const { admin, port } = gateway
    const kept = await rawClient(port)
    kept.socket.write(GET)
    await kept.received('ok')
    expect(await ready(admin?.url)).toBe(200)

    const closed = gateway.end()
    expect([gateway.state, await ready(admin?.url)]).toEqual(['leaving', 503])
    clock.advance(1_999)
    kept.socket.write(GET)
    await kept.received('ok\r\n'.slice(0, 2))
    expect(await (await fetch(gateway.url)).text()).toBe('ok')
    expect(kept.text).not.toContain('Connection: close')
    clock.advance(1)
    kept.socket.write(GET)
    await kept.closed
    expect(kept.text.endsWith('ok')).toBe(true)
    expect(kept.text).toContain('Connection: close')

    expect((await fetch(gateway.url)).status).toBe(200)
    clock.advance(1_999)
    expect(gateway.state).toBe('leaving')
    clock.advance(1)
    expect(gateway.state).toBe('closing')
    expect(await isClosed(port)).toBe(true)
    await advanceUntil(clock, closed, 2_000)
    expect(gateway.state).toBe('closed')
    await expect(ready(admin?.url)).rejects.toThrow('fetch failed')
    expect(clock.pending).toBe(0)
  })

  it('is idempotent, and a close() in between ends the delay', async () => {
    const { clock, gateway } = await gatewayScene({ readinessDelayMs: 4_000 })
    const ended = gateway.end()
    expect(gateway.end()).toBe(ended)
    expect(gateway.close()).toBe(ended)
    expect(gateway.state).toBe('closing')
    await advanceUntil(clock, ended, 1_000)
    expect(gateway.end()).toBe(gateway.closed)
    expect(clock.pending).toBe(0)
  })

  it('closes at once without a delay', async () => {
    const { gateway } = await gatewayScene({ readinessDelayMs: 0 })
    await gateway.end()
    expect(gateway.state).toBe('closed')
  })

  it('is begun by its signals, which are left alone afterwards', async () => {
    const { gateway } = await gatewayScene({ signals: ['SIGUSR2', 'SIGUSR2'], readinessDelayMs: 4_000 })
    expect(process.listenerCount('SIGUSR2')).toBe(1)
    process.emit('SIGUSR2')
    expect(gateway.state).toBe('leaving')
    process.emit('SIGUSR2')
    await gateway.closed
    expect(process.listenerCount('SIGUSR2')).toBe(0)
  })

  it('takes its graceMs', async () => {
    const { clock, gateway, asked } = await gatewayScene({ readinessDelayMs: 0, graceMs: 1_000 }, 'when-told')
    const client = await rawClient(gateway.port)
    client.socket.write(GET)
    await asked()
    const closed = gateway.end()
    expect(await advanceUntil(clock, closed, 5_000)).toBe(1_000)
    await client.closed
  })
})

describe('close() of a gateway', () => {
  it('lets requests end, and their answers end their connections', async () => {
    const { clock, gateway, asked, pool } = await gatewayScene({}, 'when-told')
    const client = await rawClient(gateway.port)
    client.socket.write(GET)
    const held = await asked()
    const closed = gateway.close()
    clock.advance(19_000)
    held.end('late')
    await client.closed
    expect(client.text).toMatch(/^HTTP\/1.1 200 OK\r\n[\s\S]*Connection: close\r\n[\s\S]*late$/)
    await closed
    expect([pool.inFlight, clock.pending]).toEqual([0, 0])
  })

  it('ends kept connections that are quiet, and serves what was on its way', async () => {
    const { clock, gateway } = await gatewayScene()
    const [idle, late, fresh] = await Promise.all([0, 1, 2].map(() => rawClient(gateway.port)))
    for (const client of [idle, late]) {
      client?.socket.write(GET)
      await client?.received('ok')
    }
    const closed = gateway.close()
    clock.advance(300)
    late?.socket.write(GET)
    await late?.closed
    expect(late?.text.match(/200 OK/g)?.length).toBe(2)
    expect(idle?.socket.destroyed).toBe(false)
    expect(await advanceUntil(clock, closed, 5_000)).toBeLessThan(1_000)
    await Promise.all([idle?.closed, fresh?.closed])
    expect(fresh?.text).toBe('')
  })

  it('does not cut answers that wait for a client who reads slowly', async () => {
    // Ended by the pod, and more than the system's buffers take: node:http calls such a connection idle.
    const answer = Buffer.alloc(60_000, 'a')
    const sockets = new Set<Socket>()
    const { clock, gateway, pod, asked } = await gatewayScene(
      { forward: { onResponseHead: (_head, { request }) => void sockets.add(request.socket as Socket) } },
      'when-told',
    )
    const client = await rawClient(gateway.port)
    client.socket.pause().write(GET.repeat(100))
    const isFull = async () => {
      for (let i = 0; i < 50; i++) await turn()
      return [...sockets].some((socket) => socket.writableLength > 0)
    }
    let next = asked()
    for (let isWaiting = false; !isWaiting; ) {
      const held = await Promise.race([next, isFull()])
      if (typeof held === 'boolean') isWaiting = held
      else {
        held.end(answer)
        next = asked()
      }
    }
    const closed = gateway.close()
    for (let i = 0; i < 20; i++) {
      clock.advance(100)
      await turn()
    }
    const answered = pod.requests
    client.socket.resume()
    const isComplete = () => client.text.match(/200 OK/g)?.length === answered && client.text.endsWith('aaaa')
    await expect.poll(isComplete, { timeout: 4_000 }).toBe(true)
    await advanceUntil(clock, closed, 1_000)
    await client.closed
  })

  it('cuts requests, upgraded streams and unfinished heads at the deadline', async () => {
    const { clock, gateway, asked, pool } = await gatewayScene({}, 'when-told')
    const client = await rawClient(gateway.port)
    client.socket.write(GET)
    await asked()
    const upgrade = await requestUpgrade(gateway.port, '/', {})
    if (upgrade.kind !== 'upgraded') throw new Error('not upgraded')
    const closed = gateway.close({ graceMs: 5_000 })
    clock.advance(4_900)
    upgrade.connection.send(Buffer.from('on'))
    expect((await upgrade.connection.receive(2)).toString()).toBe('on')
    expect(client.socket.destroyed).toBe(false)
    clock.advance(100)
    await Promise.all([closed, client.closed, upgrade.connection.closed])
    expect([pool.inFlight, clock.pending]).toEqual([0, 0])
  })

  it('takes a shorter deadline, and an aborted signal, from a later call', async () => {
    for (const options of [{ graceMs: 0 }, { signal: AbortSignal.abort() }]) {
      const { gateway, asked } = await gatewayScene({}, 'when-told')
      const client = await rawClient(gateway.port)
      client.socket.write(GET)
      await asked()
      const closed = gateway.close()
      expect(gateway.close(options)).toBe(closed)
      await Promise.all([closed, client.closed])
      expect(await gateway.close()).toBeUndefined()
    }
  })

  it('rejects with the name of a bad option, and serves on', async () => {
    const { gateway } = await gatewayScene()
    await expect(gateway.close({ graceMs: -1 })).rejects.toMatchObject({ code: 'invalid-option' })
    expect((await fetch(gateway.url)).status).toBe(200)
  })

  it('closes the routing only if it was given', async () => {
    for (const closeRouting of [false, true]) {
      const { gateway, pool } = await gatewayScene({ closeRouting })
      await gateway.close({ graceMs: 0 })
      const route = await pool.route({ headers: {} })
      expect(route.kind).toBe(closeRouting ? 'refused' : 'keyless')
      route.done()
    }
  })

  it('rejects with what the routing cannot be closed for, with all else closed', async () => {
    const pool = createSticky({ key: header('x'), endpoints: [] })
    const routing = { route: pool.route.bind(pool), close: () => Promise.reject(new Error('stuck')) } as never
    const gateway = await serve(routing, {
      port: 0,
      host: '127.0.0.1',
      signals: false,
      closeRouting: true,
      admin: ADMIN,
    })
    later(() => pool.close())
    await expect(gateway.close()).rejects.toThrow('stuck')
    expect(gateway.state).toBe('closed')
    await expect(ready(gateway.admin?.url)).rejects.toThrow('fetch failed')
  })

  it('loses no request of clients that come again and again on kept connections', async () => {
    const { clock, gateway } = await gatewayScene({ readinessDelayMs: 2_000 })
    const agent = new Agent({ keepAlive: true, maxSockets: 8 })
    later(() => agent.destroy())
    const outcomes: string[] = []
    const ask = () =>
      new Promise<boolean>((resolve) => {
        const sent = request({ port: gateway.port, host: '127.0.0.1', agent }, (response) => {
          response.resume().on('end', () => {
            outcomes.push(String(response.statusCode))
            resolve(true)
          })
          response.on('error', () => outcomes.push('cut'))
        })
        sent.on('error', () => {
          // A new connection may find nobody; one that was kept is told before.
          if (sent.reusedSocket || gateway.state === 'leaving') outcomes.push('lost')
          resolve(false)
        })
        sent.end()
      })
    const clients = Array.from({ length: 8 }, async () => {
      while (await ask());
    })
    while (outcomes.length < 100) await turn()
    const closed = gateway.end()
    for (let ms = 0; gateway.state !== 'closed'; ms += 50) {
      if (ms > 10_000) throw new Error('not closed')
      const wanted = outcomes.length + (ms < 2_000 ? 10 : 0)
      while (outcomes.length < wanted) await turn()
      clock.advance(50)
      await turn()
    }
    await closed
    await Promise.all(clients)
    expect(outcomes.length).toBeGreaterThan(400)
    expect(new Set(outcomes)).toEqual(new Set(['200']))
  })
})
