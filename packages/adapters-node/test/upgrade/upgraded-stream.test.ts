import { fakeClock } from '@limpet/core/testing'
import { describe, expect, it } from 'vitest'
import { wireGateway, wirePod } from '../wire.ts'
import { ASKS, asking, ended, fate, full, openStream, SWITCHED, turns, upgraded } from './stream.ts'

/** More than all buffers on the way: kernel's and gateway's. */
const MUCH = 'abcdefgh'.repeat(4_000_000)

describe('an upgraded stream', () => {
  it('ends in one direction and goes on in the other', async () => {
    for (const first of ['client', 'pod'] as const) {
      const { gateway, ...ends } = await openStream()
      const [one, other] = first === 'client' ? [ends.client, ends.pod] : [ends.pod, ends.client]
      const fates = [fate(one), fate(other)]
      one.write('my last')
      one.socket.end()
      await ended(other)
      expect(other.text).toBe('my last')
      for (let i = 0; i < 3; i++) {
        other.write(`still ${i};`)
        expect(await one.take(';')).toBe(`still ${i};`)
      }
      expect(gateway.routing.openLeases).toBe(1)
      other.socket.end()
      expect(await Promise.all(fates)).toEqual(['closed', 'closed'])
      await gateway.routing.idle()
    }
  })

  it('is reset where one side resets it, in whichever state', async () => {
    for (const first of ['client', 'pod'] as const) {
      for (const hasEnded of [false, true]) {
        const { gateway, ...ends } = await openStream()
        const [one, other] = first === 'client' ? [ends.client, ends.pod] : [ends.pod, ends.client]
        if (hasEnded) {
          other.socket.end()
          await ended(one)
        }
        const seen = fate(other)
        one.socket.resetAndDestroy()
        expect(await seen).toBe('ECONNRESET')
        await gateway.routing.idle()
      }
    }
  })

  it.each(['client', 'pod'] as const)(
    'holds no more than its buffers for a %s that does not read',
    async (slow) => {
      const streams = await openStream()
      const [reader, writer] =
        slow === 'client' ? [streams.client, streams.pod] : [streams.pod, streams.client]
      reader.socket.pause()
      const before = process.memoryUsage().arrayBuffers
      let sent = 0
      const chunk = Buffer.alloc(1_000_000, 'x')
      while (sent < 64 && writer.socket.write(chunk)) sent++
      await full(writer.socket)
      // Bytes that the writer's kernel has taken and the reader's has not got are in the gateway.
      let taken = -1
      while (taken !== writer.socket.bytesWritten - writer.socket.writableLength) {
        taken = writer.socket.bytesWritten - writer.socket.writableLength
        await turns()
      }
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8_000_000)
      reader.socket.resume()
      const all = (sent + 1) * chunk.length
      while (reader.text.length < all) await turns(1)
      expect(reader.text.length).toBe(all)
    },
  )

  it('carries much in both directions at once, byte for byte', async () => {
    const { client, pod } = await openStream()
    client.socket.end(MUCH, 'latin1')
    pod.socket.end(MUCH, 'latin1')
    await Promise.all([ended(client), ended(pod)])
    expect(client.text === MUCH && pod.text === MUCH).toBe(true)
  })

  it('is closed after silence in both directions, and bytes either way or an end put it off', async () => {
    const clock = fakeClock()
    const { client, pod, gateway } = await openStream({ forward: { clock, upgradeIdleMs: 8_000 } })
    const fates = [fate(client), fate(pod)]
    for (let i = 0; i < 6; i++) {
      clock.advance(7_999)
      const [one, other] = i % 2 === 0 ? [client, pod] : [pod, client]
      one.write('x;')
      await other.take(';')
    }
    clock.advance(7_999)
    client.socket.end()
    await ended(pod)
    clock.advance(7_999)
    await turns()
    expect(gateway.routing.openLeases).toBe(1)
    clock.advance(1_001)
    await gateway.routing.idle()
    // The pod has seen the end of one direction before, and that the other is closed it sees when it writes.
    pod.write('x')
    pod.write('x')
    expect(await Promise.all(fates)).toEqual(['closed', expect.stringMatching(/ECONNRESET|EPIPE/)])
  })

  it('may be silent for ever where there is no limit', async () => {
    const clock = fakeClock()
    const { client, pod } = await openStream({
      forward: { clock, upgradeIdleMs: Number.POSITIVE_INFINITY },
    })
    clock.advance(864_000_000)
    client.write('still here;')
    expect(await pod.take(';')).toBe('still here;')
  })

  it('is silent, too, while one side does not read what the other has sent', async () => {
    const clock = fakeClock()
    const { client, pod, gateway } = await openStream({ forward: { clock, upgradeIdleMs: 8_000 } })
    client.socket.pause()
    const podFate = fate(pod)
    pod.socket.write(MUCH, 'latin1')
    await full(pod.socket)
    await turns()
    clock.advance(9_001)
    expect(await podFate).not.toBe('closed')
    client.socket.resume()
    await gateway.routing.idle()
  })

  it('takes a place of its endpoint until it has ended', async () => {
    const { client, gateway } = await openStream({
      forward: { maxRequestsPerEndpoint: 1, maxQueuedPerEndpoint: 0 },
    })
    expect(await gateway.ask('GET / HTTP/1.1')).toContain('"endpoint-busy"')
    client.socket.resetAndDestroy()
    await gateway.routing.idle()
    const next = await upgraded(gateway)
    next.socket.destroy()
  })

  it('has one lease, which ends once', async () => {
    let done = 0
    const { url } = await wirePod(async (wire) => {
      await wire.take()
      wire.write(SWITCHED)
    })
    const { hostname: host, port } = new URL(url)
    const settled: unknown[] = []
    const route = {
      kind: 'bound',
      endpoint: { identity: 'p', host, port: Number(port), protocol: 'http:' },
      settle: (outcome: unknown) => void settled.push(outcome),
      done: () => void done++,
    }
    const gateway = await wireGateway({ route: () => route, close: async () => undefined } as never)
    const client = asking(gateway, ASKS)
    await client.take()
    expect([settled, done]).toEqual([[{ status: 101 }], 0])
    client.socket.resetAndDestroy()
    await gateway.routing.idle()
    await gateway.proxy.close()
    expect([settled, done]).toEqual([[{ status: 101 }], 1])
  })
})
