import { describe, expect, it, onTestFinished } from 'vitest'
import type { ForwardOptions, HookContext } from '../src/index.ts'
import { refusingPort } from '../src/testing/held-port.ts'
import {
  answering,
  codeOf,
  OK,
  statusLineOf,
  valuesOf,
  type Wire,
  type WirePod,
  wireGateway,
  wirePod,
} from './wire.ts'

/** A pod that answers 200, and the heads that reached it. */
async function listeningPod(answer = OK): Promise<WirePod & { readonly heads: string[] }> {
  const heads: string[] = []
  const pod = await wirePod(async (wire: Wire) => {
    for (;;) {
      heads.push(await wire.take())
      wire.write(answer)
    }
  })
  return { ...pod, heads }
}

async function asked(options: ForwardOptions, answer?: string) {
  const pod = await listeningPod(answer)
  const { ask, routing } = await wireGateway([pod.url], options)
  const text = await ask('GET /a?b HTTP/1.1\r\nCookie: c\r\nCookie: d')
  await routing.idle()
  return { text, heads: pod.heads }
}

const refuses = (value: string) => () => {
  throw new Error(value)
}

describe('onRequestHead', () => {
  it('sees the head as it would be sent, and changes it', async () => {
    const seen: unknown[] = []
    const { text, heads } = await asked({
      onRequestHead({ method, target, headers }, { request, route }) {
        seen.push(
          method,
          target,
          headers.get('x-forwarded-host'),
          headers.get('host'),
          request.method,
          route.kind,
        )
        headers.set('X-Pod', route.endpoint.identity)
        headers.append('x-more', '1')
        headers.append('x-more', '2')
        headers.delete('cookie')
      },
    })
    expect(statusLineOf(text)).toBe('HTTP/1.1 200 OK')
    expect(seen).toEqual(['GET', '/a?b', 'shop', 'shop', 'GET', 'bound'])
    const [head = ''] = heads
    expect(valuesOf(head, 'x-pod')).toHaveLength(1)
    expect(valuesOf(head, 'x-more')).toEqual(['1', '2'])
    expect(valuesOf(head, 'cookie')).toEqual([])
    expect(valuesOf(head, 'x')).toEqual(['k'])
  })

  it('is asked again for each pod, with a head of its own', async () => {
    const identities: string[] = []
    const pod = await listeningPod()
    const first = await wirePod(async (wire) => {
      await wire.take()
      wire.socket.resetAndDestroy()
    })
    const { ask } = await wireGateway(
      [first.url, pod.url],
      {
        onRequestHead({ headers }, { route }) {
          identities.push(route.endpoint.identity)
          headers.append('x-try', String(identities.length))
        },
      },
      { pool: { placement: { name: 'first', pick: (set, c) => set.placeable.find((e) => !c.skips(e)) } } },
    )
    expect(statusLineOf(await ask('GET / HTTP/1.1'))).toBe('HTTP/1.1 200 OK')
    expect(identities).toHaveLength(2)
    expect(valuesOf(pod.heads[0] as string, 'x-try')).toEqual(['2'])
  })

  it.each<[string, NonNullable<ForwardOptions['onRequestHead']>, string]>([
    ['throws', refuses('secret'), 'handler-failed'],
    ['splits the request', ({ headers }) => headers.set('x', 'a\r\nX-Evil: 1'), 'invalid-header'],
    ['frames the body', ({ headers }) => headers.set('Content-Length', '9'), 'invalid-header'],
    ['removes Host', ({ headers }) => void headers.delete('Host'), 'invalid-header'],
    ['answers later', async () => undefined, 'handler-failed'],
    ['fails later', async () => refuses('secret')(), 'handler-failed'],
  ])('that %s is 500, and the pod hears nothing', async (_what, onRequestHead, code) => {
    const pod = await listeningPod()
    const { ask, routing } = await wireGateway([pod.url], { onRequestHead })
    for (const head of ['GET / HTTP/1.1', 'POST / HTTP/1.1\r\nContent-Length: 0']) {
      const answer = await ask(head)
      expect(statusLineOf(answer)).toBe('HTTP/1.1 500 Internal Server Error')
      expect(codeOf(answer)).toBe(code)
      expect(answer).not.toContain('secret')
    }
    await routing.idle()
    expect(pod.heads).toEqual([])
  })
})

describe('onResponseHead', () => {
  it('sees the head as it would be sent, and changes it', async () => {
    const seen: unknown[] = []
    const { text } = await asked(
      {
        onResponseHead({ status, headers }, { request, route }: HookContext) {
          seen.push(status, headers.get('server'), headers.has('keep-alive'), request.url, route.kind)
          headers.set('Server', 'limpet')
          headers.append('Set-Cookie', 'b=2')
          headers.delete('x-gone')
        },
      },
      'HTTP/1.1 201 Made\r\nServer: pod\r\nKeep-Alive: timeout=5\r\nSet-Cookie: a=1\r\nX-Gone: 1\r\nContent-Length: 2\r\n\r\nok',
    )
    expect(seen).toEqual([201, 'pod', false, '/a?b', 'bound'])
    expect(statusLineOf(text)).toBe('HTTP/1.1 201 Made')
    expect(valuesOf(text, 'server')).toEqual(['limpet'])
    expect(valuesOf(text, 'set-cookie')).toEqual(['a=1', 'b=2'])
    expect(valuesOf(text, 'x-gone')).toEqual([])
    expect(text).toMatch(/\r\n\r\nok$/)
  })

  it('does not see our own error answers', async () => {
    let calls = 0
    const { ask } = await wireGateway([], { onResponseHead: () => void calls++ })
    expect(codeOf(await ask('GET / HTTP/1.1'))).toBe('no-endpoints')
    expect(calls).toBe(0)
  })

  it.each<[string, NonNullable<ForwardOptions['onResponseHead']>, string]>([
    ['throws', refuses('secret'), 'handler-failed'],
    ['splits the response', ({ headers }) => headers.set('x', 'a\r\n\r\nHTTP/1.1 200 OK'), 'invalid-header'],
    ['frames the body', ({ headers }) => headers.append('Transfer-Encoding', 'chunked'), 'invalid-header'],
    ['answers later', async () => undefined, 'handler-failed'],
    ['fails later', async () => refuses('secret')(), 'handler-failed'],
  ])('that %s is 500, and the client sees nothing of the pod', async (_what, onResponseHead, code) => {
    for (const answer of [OK, 'HTTP/1.1 200 OK\r\nX-Secret: s\r\nTransfer-Encoding: chunked\r\n\r\n']) {
      const { text } = await asked({ onResponseHead }, answer)
      expect(statusLineOf(text)).toBe('HTTP/1.1 500 Internal Server Error')
      expect(codeOf(text)).toBe(code)
      expect(text).not.toMatch(/secret|ok$/i)
    }
  })
})

describe('path', () => {
  it.each([
    ['/b?c', '/b?c'],
    ['http://other/b', '/b'],
    ['*', '*'],
  ])('%j sends the target %s', async (target, expected) => {
    const { heads } = await asked({ path: () => target })
    expect(statusLineOf(heads[0] as string)).toBe(`GET ${expected} HTTP/1.1`)
  })

  it.each(['', 'b', '?b', 'mailto:b', 'foo://h', '/a b', '/a\r\nX: y', '/\0', '/Ā', undefined, null, 7])(
    '%j is 500, and the pod hears nothing',
    async (target) => {
      const { text, heads } = await asked({ path: () => target as string })
      expect(statusLineOf(text)).toBe('HTTP/1.1 500 Internal Server Error')
      expect(codeOf(text)).toBe('invalid-option')
      expect(heads).toEqual([])
    },
  )

  it('that throws is 500 handler-failed', async () => {
    const { text, heads } = await asked({ path: refuses('secret') })
    expect([codeOf(text), text.includes('secret'), heads.length]).toEqual(['handler-failed', false, 0])
  })
})

describe('onError', () => {
  it('that throws changes nothing of the answer', async () => {
    const errors: string[] = []
    const { text } = await asked({
      path: refuses('first'),
      onError(error) {
        errors.push(error.code)
        throw new Error('second')
      },
    })
    expect(errors).toEqual(['handler-failed'])
    expect(codeOf(text)).toBe('handler-failed')
  })

  it('that answers, at once or later, is the answer', async () => {
    const { text } = await asked({
      path: refuses('first'),
      onError(error, _request, response) {
        setImmediate(() => {
          response.statusCode = 418
          response.end(error.code)
        })
        return true
      },
    })
    expect(statusLineOf(text)).toBe("HTTP/1.1 418 I'm a Teapot")
    expect(text).toContain('handler-failed')
  })
})

it('a routing whose next() throws is 500 handler-failed', async () => {
  const endpoint = { identity: 'p', host: '127.0.0.1', port: 1, protocol: 'http:' }
  const pod = await wirePod(answering(OK))
  const route = (port: number) => ({
    kind: 'bound',
    endpoint: { ...endpoint, port },
    done: () => undefined,
    settle: () => undefined,
    next: refuses('secret'),
  })
  const dead = await refusingPort()
  onTestFinished(dead.release)
  let { port } = dead
  const routing = { route: () => route(port), close: async () => undefined }
  const { ask, client } = await wireGateway(routing as never)
  expect(codeOf(await ask('GET / HTTP/1.1'))).toBe('handler-failed')
  const upgrade = client()
  upgrade.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n')
  expect(codeOf(await upgrade.rest())).toBe('handler-failed')
  port = Number(new URL(pod.url).port)
  expect(statusLineOf(await ask('GET / HTTP/1.1'))).toBe('HTTP/1.1 200 OK')
})
