import type { IncomingMessage } from 'node:http'
import type { Endpoint } from '@limpet/core'
import { describe, expect, it } from 'vitest'
import { bodyFraming } from '../../src/headers/body-framing.ts'
import { type BodyFraming, type HeadOptions, requestHead as headOf } from '../../src/headers/request-head.ts'
import { requestText } from '../../src/upstream/request-text.ts'

const POD = { identity: 'p', host: '10.0.0.1', port: 8080, protocol: 'http:' } as Endpoint
const DEFAULTS: HeadOptions = {
  host: 'preserve',
  isTrusted: () => false,
  path: undefined,
  movedHeader: false,
  keyHeaders: [],
  forwarded: 'x-forwarded',
  via: undefined,
}

/** As HTTP/1.1 writes it. */
function requestHead(
  from: IncomingMessage,
  endpoint: Endpoint,
  framing: BodyFraming,
  options: HeadOptions,
  upgrade?: string,
  movedCause?: string,
): string {
  return requestText(headOf(from, { framing, endpoint, upgrade, movedCause }, options))
}

function request(rawHeaders: string[], url = '/a?b', remoteAddress = '203.0.113.7'): IncomingMessage {
  return { method: 'GET', url, rawHeaders, socket: { remoteAddress, localPort: 8080 } } as never
}

const lines = (...given: Parameters<typeof requestHead>) => requestHead(...given).split('\r\n')

describe('requestHead', () => {
  it('passes headers on and says who asked', () => {
    expect(lines(request(['Host', 'shop', 'X-A', '1', 'x-a', '2']), POD, 'none', DEFAULTS)).toEqual([
      'GET /a?b HTTP/1.1',
      'Host: shop',
      'X-A: 1',
      'x-a: 2',
      'X-Forwarded-For: 203.0.113.7',
      'X-Forwarded-Proto: http',
      'X-Forwarded-Host: shop',
      'X-Forwarded-Port: 8080',
      'Connection: keep-alive',
      '',
      '',
    ])
  })

  it('leaves out what concerns one connection alone, and what Connection names', () => {
    const raw = [
      'Connection',
      'close, X-Secret, TE',
      'TE',
      'gzip',
      'Keep-Alive',
      '1',
      'X-Secret',
      's',
      'Expect',
      '100-continue',
    ]
    const head = requestHead(
      request([...raw, 'Proxy-Connection', 'a', 'Upgrade', 'h2c']),
      POD,
      'none',
      DEFAULTS,
    )
    for (const name of ['X-Secret', 'TE:', 'Keep-Alive', 'Expect', 'Proxy-Connection', 'Upgrade', 'close']) {
      expect(head).not.toContain(name)
    }
  })

  it('does not let Connection name away what the pod relies on', () => {
    const raw = [
      'Host',
      'shop',
      'Connection',
      'host, cookie, x-forwarded-for, content-length',
      'Cookie',
      'a=b',
    ]
    const head = requestHead(request(raw), POD, 'none', DEFAULTS)
    for (const line of ['Host: shop', 'Cookie: a=b', 'X-Forwarded-For: 203.0.113.7'])
      expect(head).toContain(line)
  })

  it('replaces what a stranger says of itself, and adds to what a trusted proxy says', () => {
    const raw = [
      'Host',
      'shop',
      'X-Forwarded-For',
      '1.2.3.4',
      'X-Forwarded-Proto',
      'https',
      'Forwarded',
      'for=1.2.3.4',
    ]
    const fromStranger = requestHead(request(raw), POD, 'none', DEFAULTS)
    expect(fromStranger).toContain('\r\nX-Forwarded-For: 203.0.113.7\r\n')
    expect(fromStranger).not.toContain('https')
    expect(fromStranger).not.toContain('for=1.2.3.4')
    const fromProxy = requestHead(request(raw), POD, 'none', { ...DEFAULTS, isTrusted: () => true })
    expect(fromProxy).toContain('\r\nX-Forwarded-For: 1.2.3.4, 203.0.113.7\r\n')
    expect(fromProxy).toContain('\r\nX-Forwarded-Proto: https\r\n')
    expect(fromProxy).toContain('\r\nForwarded: for=1.2.3.4\r\n')
    expect(fromProxy.match(/X-Forwarded-Proto/g)).toHaveLength(1)
  })

  it('shows an IPv4 peer of a dual-stack socket as IPv4', () => {
    expect(requestHead(request([], '/', '::ffff:10.1.2.3'), POD, 'none', DEFAULTS)).toContain(
      'X-Forwarded-For: 10.1.2.3\r\n',
    )
  })

  it.each([
    ['http://evil/x?y', '/x?y'],
    ['*', '*'],
    ['/a b', '/'],
    ['/a\r\nX: y', '/'],
    ['nonsense', '/'],
  ])('sends the target %j as %s', (url, target) => {
    expect(lines(request([], url), POD, 'none', DEFAULTS)[0]).toBe(`GET ${target} HTTP/1.1`)
  })

  it('names the endpoint as host when told to, or when the client named none', () => {
    const own = { ...DEFAULTS, host: 'endpoint' as const }
    expect(lines(request(['Host', 'shop']), POD, 'none', own)).toContain('Host: 10.0.0.1:8080')
    expect(lines(request(['Host', 'shop']), POD, 'none', own)).not.toContain('Host: shop')
    expect(lines(request([]), { ...POD, host: 'fd00::1', port: 80 }, 'none', DEFAULTS)).toContain(
      'Host: [fd00::1]',
    )
  })

  it('frames the body and asks for upgrades', () => {
    expect(lines(request([]), POD, 'chunked', DEFAULTS)).toContain('Transfer-Encoding: chunked')
    expect(lines(request([]), POD, 'none', DEFAULTS, 'websocket')).toEqual(
      expect.arrayContaining(['Connection: Upgrade', 'Upgrade: websocket']),
    )
  })
})

describe('requestHead with movedHeader', () => {
  const on = { ...DEFAULTS, movedHeader: true }
  const own = /x[-_]limpet[-_]moved: .*/gi
  const forged = ['x-limpet-moved', 'gone', 'X-LIMPET-MOVED', 'ejected', 'X_Limpet-moved', 'drained']

  it('tells the pod why the key came to it', () => {
    const head = requestHead(request([]), POD, 'none', on, undefined, 'terminated')
    expect(head.match(own)).toEqual(['X-Limpet-Moved: terminated'])
    const upgrade = requestHead(request([]), POD, 'none', on, 'websocket', 'not-ready')
    expect(upgrade.match(own)).toEqual(['X-Limpet-Moved: not-ready'])
  })

  it('never passes on what the client says of it, whether the key has moved or not', () => {
    expect(requestHead(request(forged), POD, 'none', on).match(own)).toBeNull()
    const head = requestHead(request(forged), POD, 'none', on, undefined, 'drained')
    expect(head.match(own)).toEqual(['X-Limpet-Moved: drained'])
  })

  it('never passes on what a pod could take for it: names with underscores', () => {
    const likely = request(['X_Limpet_Moved', 'gone', 'x-limpet_moved', 'gone', 'x-limpet-movee', 'kept'])
    expect(requestHead(likely, POD, 'none', on)).not.toMatch(/gone/)
    expect(requestHead(likely, POD, 'none', on)).toContain('x-limpet-movee: kept')
  })

  it('does not let Connection name it away', () => {
    const named = request(['Connection', 'close, x-limpet-moved'])
    expect(requestHead(named, POD, 'none', on, undefined, 'gone').match(own)).toEqual([
      'X-Limpet-Moved: gone',
    ])
  })

  it('leaves the name to the client and the pod when it is off', () => {
    const head = requestHead(request(forged), POD, 'none', DEFAULTS, undefined, 'gone')
    expect(head.match(own)).toEqual([
      'x-limpet-moved: gone',
      'X-LIMPET-MOVED: ejected',
      'X_Limpet-moved: drained',
    ])
  })
})

describe('bodyFraming', () => {
  it.each([
    [[], 'none'],
    [['Content-Length', '0'], 'none'],
    [['content-length', '5'], 'sized'],
    [['Transfer-Encoding', 'chunked'], 'chunked'],
  ])('of %j is %s', (rawHeaders, framing) => {
    expect(bodyFraming(request(rawHeaders as string[]))).toBe(framing)
  })
})
