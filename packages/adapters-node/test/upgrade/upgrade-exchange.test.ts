import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { StickyError } from '@limpet/core'
import { describe, expect, it } from 'vitest'
import { codeOf, statusLineOf, valuesOf, type Wire, type WirePod, wireGateway, wirePod } from '../wire.ts'
import { ASKS, asking, ended, fate, SWITCHED, turns, upgraded } from './stream.ts'

/** A pod that switches, keeping the heads that it got. */
async function switchingPod(answer = SWITCHED): Promise<WirePod & { readonly heads: string[] }> {
  const heads: string[] = []
  const pod = await wirePod(async (wire) => {
    heads.push(await wire.take())
    wire.write(answer)
  })
  return { ...pod, heads }
}

async function wireOf(pod: WirePod): Promise<Wire> {
  while (pod.wires.length === 0) await turns(1)
  return pod.wires[0] as Wire
}

describe('a request to switch protocols', () => {
  it('keeps early bytes and an early end for after the 101, in order', async () => {
    const pod = await wirePod((wire) => {
      wire.socket.allowHalfOpen = true
    })
    const gateway = await wireGateway([pod.url])
    const client = asking(gateway, `${ASKS}early, `)
    const wire = await wireOf(pod)
    await wire.take()
    client.write('later, ')
    client.socket.end('last')
    await turns()
    expect([wire.text, wire.socket.readableEnded]).toEqual(['', false])
    wire.write(`${SWITCHED}and the pod's first`)
    await ended(wire)
    expect(wire.text).toBe('early, later, last')
    wire.socket.end(' and last')
    expect(await client.rest()).toBe(`${SWITCHED}and the pod's first and last`)
    await gateway.routing.idle()
  })

  it('takes no more early bytes than its buffers hold', async () => {
    const pod = await wirePod(() => undefined)
    const gateway = await wireGateway([pod.url])
    const client = asking(gateway)
    const wire = await wireOf(pod)
    await wire.take()
    const much = Buffer.alloc(32_000_000, 'x')
    client.socket.write(much)
    await turns(200)
    expect(client.socket.writableLength).toBeGreaterThan(0)
    wire.write(SWITCHED)
    while (wire.text.length < much.length) await turns(1)
    expect(wire.text.length).toBe(much.length)
  })

  it('tells the pod and the client of the protocol, and of no length', async () => {
    const pod = await switchingPod(
      'HTTP/1.1 101 Go\r\nConnection: upgrade, x-hop\r\nX-Hop: 1\r\nUpgrade: Chat\r\nSec-X: y\r\nContent-Length: 0\r\n\r\n',
    )
    const gateway = await wireGateway([pod.url])
    const client = asking(gateway, ASKS.replace('Upgrade: chat', 'Upgrade: irc/6.9, h2c\r\nUpgrade: chat'))
    const head = await client.take()
    expect(head).toBe('HTTP/1.1 101 Go\r\nSec-X: y\r\nConnection: Upgrade\r\nUpgrade: Chat\r\n\r\n')
    const asked = pod.heads[0] as string
    expect([valuesOf(asked, 'upgrade'), valuesOf(asked, 'connection')]).toEqual([
      ['irc/6.9, chat'],
      ['Upgrade'],
    ])
  })

  it.each([
    ['another protocol', 'Connection: Upgrade\r\nUpgrade: irc\r\n\r\n', ASKS],
    ['one of several that was not offered', 'Connection: Upgrade\r\nUpgrade: chat, tls\r\n\r\n', ASKS],
    ['no protocol', 'Connection: Upgrade\r\n\r\n', ASKS],
    [
      'a protocol though none was offered',
      'Upgrade: h2c\r\n\r\n',
      ASKS.replace('Upgrade: chat', 'Upgrade: h2c'),
    ],
    ['a protocol in HTTP/1.0', 'Upgrade: chat\r\n\r\n', ASKS.replace('/1.1', '/1.0')],
  ])('is 502 where the pod switches to %s', async (_name, rest, asks) => {
    const pod = await switchingPod(`HTTP/1.1 101 X\r\n${rest}poison`)
    const gateway = await wireGateway([pod.url])
    const text = await asking(gateway, asks).rest()
    expect(statusLineOf(text)).toBe('HTTP/1.1 502 Bad Gateway')
    expect(codeOf(text)).toBe('upstream-malformed')
    expect(text).not.toContain('poison')
    await (await wireOf(pod)).rest()
    await gateway.routing.idle()
  })

  it.each([
    ['in HTTP/1.0', ASKS.replace('/1.1', '/1.0')],
    ['where it offers h2c alone', ASKS.replace('Upgrade: chat', 'Upgrade: h2c')],
  ])('is forwarded as any other %s', async (_name, asks) => {
    const pod = await wirePod(async (wire) => {
      const head = await wire.take()
      wire.write(
        `HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Saw: ${valuesOf(head, 'upgrade').length}\r\n\r\nok`,
      )
    })
    const gateway = await wireGateway([pod.url])
    const text = await asking(gateway, asks).rest()
    expect([statusLineOf(text), valuesOf(text, 'x-saw'), text.endsWith('\r\n\r\nok')]).toEqual([
      'HTTP/1.1 200 OK',
      ['0'],
      true,
    ])
  })

  it('never takes a connection that was used before', async () => {
    const pod = await wirePod(async (wire, count) => {
      await wire.take()
      if (count > 1) return wire.write(SWITCHED)
      wire.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      await wire.take()
      wire.socket.destroy()
    })
    const gateway = await wireGateway([pod.url])
    await gateway.ask('GET / HTTP/1.1')
    await upgraded(gateway)
    expect(pod.wires.length).toBe(2)
  })

  it('ends, with its lease, where the client goes away while it is routed', async () => {
    const asked = Promise.withResolvers<AbortSignal>()
    const route = Promise.withResolvers<unknown>()
    let done = 0
    const gateway = await wireGateway({
      route: (_request: unknown, options: { signal: AbortSignal }) => {
        asked.resolve(options.signal)
        return route.promise
      },
      close: async () => undefined,
    } as never)
    const client = asking(gateway)
    const signal = await asked.promise
    const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve))
    client.socket.resetAndDestroy()
    await aborted
    route.resolve({ kind: 'bound', endpoint: {}, done: () => done++ })
    await turns()
    expect(done).toBe(1)
    await gateway.proxy.close()
  })

  it('ends, with its lease and the connection, where the client goes away while the pod thinks', async () => {
    const pod = await wirePod(() => undefined)
    const gateway = await wireGateway([pod.url])
    const client = asking(gateway)
    const wire = await wireOf(pod)
    await wire.take()
    client.socket.resetAndDestroy()
    await wire.rest()
    await gateway.routing.idle()
    await gateway.proxy.close()
  })

  it('lets hooks change both heads', async () => {
    const pod = await switchingPod()
    const seen: unknown[] = []
    const gateway = await wireGateway([pod.url], {
      onRequestHead: ({ headers }) => headers.set('x-asked', 'yes'),
      onResponseHead: ({ status, headers }, { request, route }) => {
        seen.push(status, request.url, route.kind)
        headers.set('x-told', 'yes')
      },
    })
    const head = await asking(gateway).take()
    expect(valuesOf(head, 'x-told')).toEqual(['yes'])
    expect(valuesOf(pod.heads[0] as string, 'x-asked')).toEqual(['yes'])
    expect(seen).toEqual([101, '/chat', 'bound'])
  })

  it.each([
    ['onRequestHead', new Error('mine'), 'handler-failed'],
    ['onResponseHead', new Error('mine'), 'handler-failed'],
    ['onResponseHead', new StickyError('invalid-header', 'named'), 'invalid-header'],
  ] as const)('is 500 where %s throws %s', async (hook, error, code) => {
    const pod = await switchingPod()
    const throwing = () => {
      throw error
    }
    const gateway = await wireGateway([pod.url], { [hook]: throwing })
    const text = await asking(gateway).rest()
    expect([statusLineOf(text), codeOf(text)]).toEqual(['HTTP/1.1 500 Internal Server Error', code])
    const wire = await wireOf(pod)
    await wire.rest()
    await gateway.routing.idle()
  })

  it('is 500 where the routing throws or rejects', async () => {
    for (const route of [
      () => {
        throw new Error('mine')
      },
      async () => Promise.reject(new Error('mine')),
    ]) {
      const gateway = await wireGateway({ route, close: async () => undefined } as never)
      expect(codeOf(await asking(gateway).rest())).toBe('handler-failed')
    }
  })

  it('is refused once forward() ends, and its client does not have to close', async () => {
    const pod = await switchingPod()
    const gateway = await wireGateway([pod.url])
    const client = await upgraded(gateway)
    const closed = gateway.proxy.close({ graceMs: Number.POSITIVE_INFINITY })
    const late = asking(gateway)
    const lateFate = fate(late)
    expect(codeOf(await late.rest())).toBe('closed')
    expect(await lateFate).toBe('closed')
    client.socket.resetAndDestroy()
    await closed
  })

  it('is not kept once it has switched', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const pod = await switchingPod()
    let request: WeakRef<object> | undefined
    const gateway = await wireGateway([pod.url], {
      onRequestHead: (_head, context) => {
        request = new WeakRef(context.request)
      },
    })
    const client = await upgraded(gateway)
    await expect
      .poll(() => {
        collect()
        return request?.deref()
      })
      .toBeUndefined()
    client.write('still open')
    await (await wireOf(pod)).take('still open')
    expect(gateway.routing.openLeases).toBe(1)
  })
})
