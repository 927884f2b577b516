import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { headerValues } from '../../src/key/header-values.ts'
import type { RequestLike } from '../../src/key/request-like.ts'
import { type Comparison, compareWithProxy } from '../../src/parity/compare-with-proxy.ts'
import { crc32 } from '../../src/parity/crc32.ts'
import { moduloScheme, servers } from './modulo-scheme.ts'

const scheme = moduloScheme(servers(4))
const running: (() => void)[] = []
afterEach(() => {
  for (const stop of running.splice(0)) stop()
})

/** A proxy that answers as `listener` does. */
async function proxy(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  running.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

/** The server of a request by the scheme, as the wire's bytes say. */
const chosen: (value: unknown) => string | undefined = (value) =>
  scheme.pick(Buffer.from(value as string, 'latin1'))?.name

const agreeing: RequestListener = ({ headers }, response) => {
  response.setHeader('X-Server', chosen(headers['x-session']) as string)
  response.end()
}

const KEYS = Array.from({ length: 300 }, (_, index) => `session-${index}`)

describe('compareWithProxy', () => {
  it('agrees with a proxy that maps alike, keys of any bytes included, and tells how far it is', async () => {
    const seen: Comparison[] = []
    const keys = [...KEYS, Buffer.from('caf\u00e9'), '\u00e9', 'a, b']
    const result = await compareWithProxy(await proxy(agreeing), scheme, keys, {
      onProgress: (now) => seen.push(now),
    })
    expect(result).toMatchObject({
      done: 303,
      agreed: 303,
      disagreed: 0,
      unhashed: 0,
      failed: 0,
      disagreements: [],
    })
    expect(seen.map(({ done }) => done)).toEqual(Array.from({ length: 303 }, (_, index) => index + 1))
  })

  it('shows the first keys that go elsewhere', async () => {
    const url = await proxy(({ headers }, response) => {
      const isOther = crc32(Buffer.from(headers['x-session'] as string)) % 7 === 0
      response.setHeader('X-Server', isOther ? 's9' : (chosen(headers['x-session']) as string))
      response.end()
    })
    const others = KEYS.filter((key) => crc32(Buffer.from(key)) % 7 === 0)
    const result = await compareWithProxy(url, scheme, KEYS, { concurrency: 1, maxKept: 3 })
    expect(result).toMatchObject({ done: 300, disagreed: others.length, agreed: 300 - others.length })
    expect(result.disagreements).toEqual(
      others.slice(0, 3).map((key) => ({ key, expected: chosen(key), actual: 's9' })),
    )
  })

  it('takes the address of a server too, and the last of several', async () => {
    const url = await proxy(({ headers }, response) => {
      response.setHeader(
        'X-Server',
        `10.9.9.9:80, 10.0.0.${(chosen(headers['x-session']) as string).slice(1)}:80`,
      )
      response.end()
    })
    expect(await compareWithProxy(url, scheme, KEYS)).toMatchObject({ agreed: 300 })
  })

  it('asks as it is told to, and reads the server where it is told to', async () => {
    const url = await proxy((request, response) => response.end(`served by ${chosen(request.url?.slice(8))}`))
    const byQuery = {
      ...scheme,
      keyHeaders: [],
      key: ({ url: target = '' }) => Buffer.from(target.slice(8), 'latin1'),
    }
    const result = await compareWithProxy(url, byQuery, KEYS, {
      requestOf: (key) => ({ path: `/?query=${key}` }),
      serverOf: ({ body }) => body.split(' ').at(-1),
    })
    expect(result).toMatchObject({ agreed: 300 })
    await expect(compareWithProxy(url, byQuery, KEYS)).rejects.toThrow(/compareWithProxy\.requestOf/)
  })

  it('counts apart what the proxy does not hash, what cannot be sent, and what is not answered', async () => {
    const url = await proxy((request, response) => {
      if (request.headers['x-session'] === 'silent') return
      if (request.headers['x-session'] === 'stuck') return void response.write('a part of ')
      if (request.headers['x-session'] !== 'nameless') agreeing(request, response)
      else response.writeHead(503).end()
    })
    const result = await compareWithProxy(url, scheme, ['', 'a\nb', 'silent', 'stuck', 'nameless', 'fine'], {
      timeoutMs: 200,
    })
    expect(result).toMatchObject({ done: 6, agreed: 1, unhashed: 1, failed: 4 })
    expect(result.failures.map(({ key }) => key).sort()).toEqual(['a\nb', 'nameless', 'silent', 'stuck'])
  })

  it('asks as many at once as it may, of any number of keys', async () => {
    let open = 0
    let most = 0
    let read = 0
    const url = await proxy((request, response) => {
      most = Math.max(most, ++open)
      setImmediate(() => {
        open--
        agreeing(request, response)
      })
    })
    async function* keys() {
      for (; read < 500; read++) {
        yield `k-${read}`
      }
    }
    expect(await compareWithProxy(url, scheme, keys(), { concurrency: 4 })).toMatchObject({ agreed: 500 })
    expect(most).toBeGreaterThan(1)
    expect(most).toBeLessThanOrEqual(4)
  })

  it('reads no body beyond what it keeps, however long it is', async () => {
    let cut = 0
    const url = await proxy(({ headers }, response) => {
      response.setHeader('X-Server', chosen(headers['x-session']) as string)
      const piece = Buffer.alloc(65_536, 0x61)
      const write = () => {
        while (!response.destroyed && response.write(piece));
      }
      response.on('drain', write)
      response.once('close', () => cut++)
      write()
    })
    const lengths = new Set<number>()
    const result = await compareWithProxy(url, scheme, KEYS.slice(0, 5), {
      serverOf: ({ body, headers }) => {
        lengths.add(body.length)
        return headers['x-server'] as string
      },
    })
    expect(result).toMatchObject({ agreed: 5, failed: 0 })
    expect([...lengths]).toEqual([65_536])
    await expect.poll(() => cut).toBe(5)
  })

  it('expects what the proxy gets: the path of the URL, a Host, and values without the blanks around them', async () => {
    const seen: unknown[] = []
    const url = await proxy((request, response) => {
      seen.push([request.url, request.headers.host])
      agreeing(request, response)
    })
    const asked: unknown[] = []
    const curious = {
      ...scheme,
      key: (request: RequestLike) => {
        asked.push([request.url, headerValues(request, 'host').join()])
        return scheme.key(request)
      },
    }
    const keys = [' blank', 'blank ', '\tblank\t', 'blank', 'other']
    const target = new URL('/a/b?c=d', url)
    expect(await compareWithProxy(target, curious, keys, { concurrency: 1 })).toMatchObject({ agreed: 5 })
    const requestOf = (key: string) => ({ rawHeaders: ['HOST', 'chat.test', 'x-session', key], path: '/e' })
    expect(await compareWithProxy(target, curious, ['k'], { requestOf })).toMatchObject({ agreed: 1 })
    expect(seen).toEqual(asked)
    expect(new Set(seen.map(String))).toEqual(new Set([`/a/b?c=d,${target.host}`, '/e,chat.test']))
  })

  it('counts as failed what cannot be asked at all, and goes on', async () => {
    const requestOf = (key: string) => ({
      ...(key === 'path' ? { path: '/a b' } : {}),
      rawHeaders: ['x-session', key, ...(key === 'name' ? ['a b', 'c'] : key === 'odd' ? ['a'] : [])],
    })
    const result = await compareWithProxy(await proxy(agreeing), scheme, ['path', 'name', 'odd', 'fine'], {
      requestOf,
    })
    expect(result).toMatchObject({ done: 4, failed: 3, agreed: 1 })
  })

  it('ends when it is told to while a key never comes', async () => {
    const stop = new AbortController()
    async function* keys() {
      yield 'k-1'
      await new Promise(() => undefined)
    }
    const onProgress = () => stop.abort(new Error('enough'))
    const result = compareWithProxy(await proxy(agreeing), scheme, keys(), {
      signal: stop.signal,
      onProgress,
    })
    await expect(result).rejects.toThrow('enough')
  })

  it('ends when it is told to, and reads no further key', async () => {
    const stop = new AbortController()
    let read = 0
    let isReturned = false
    function* keys() {
      try {
        for (;;) yield `k-${read++}`
      } finally {
        isReturned = true
      }
    }
    const onProgress = ({ done }: Comparison) => {
      if (done === 20) stop.abort(new Error('enough'))
    }
    await expect(
      compareWithProxy(await proxy(agreeing), scheme, keys(), {
        concurrency: 2,
        signal: stop.signal,
        onProgress,
      }),
    ).rejects.toThrow('enough')
    expect(read).toBeLessThan(30)
    expect(isReturned).toBe(true)
  })

  it('names bad options', async () => {
    await expect(compareWithProxy('ftp://x', scheme, [])).rejects.toThrow(/compareWithProxy\.url/)
    await expect(compareWithProxy('http://x', scheme, [], { concurrency: 0 })).rejects.toThrow(/concurrency/)
    await expect(compareWithProxy('http://x', scheme, [], { timeoutMs: -1 })).rejects.toThrow(/timeoutMs/)
    await expect(compareWithProxy('http://x', scheme, [], { keys: [] } as object)).rejects.toThrow(/keys/)
  })
})
