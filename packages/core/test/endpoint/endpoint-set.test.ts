import { describe, expect, it } from 'vitest'
import { availabilityOf } from '../../src/endpoint/availability.ts'
import type { EndpointInit } from '../../src/endpoint/endpoint.ts'
import { endpointSet, isSameSet } from '../../src/endpoint/endpoint-set.ts'

const POD: EndpointInit = { name: 'web-0', host: '10.0.0.1', port: 8080 }

describe('endpointSet', () => {
  it('reads URLs: identity is host and port', () => {
    const { endpoints } = endpointSet([
      'http://10.0.0.1:3000',
      new URL('https://pod.example'),
      'http://[fd00::1]:80/',
    ])
    expect(endpoints.map(({ identity, host, port, protocol }) => [identity, host, port, protocol])).toEqual([
      ['10.0.0.1:3000', '10.0.0.1', 3000, 'http:'],
      ['pod.example:443', 'pod.example', 443, 'https:'],
      ['[fd00::1]:80', 'fd00::1', 80, 'http:'],
    ])
  })

  it('reads how endpoints are spoken to, and Unix sockets', () => {
    const { endpoints } = endpointSet([
      'h2c://10.0.0.1:50051',
      'h2://pod.example',
      'unix:/run/app.sock',
      { host: 'a', port: 1, appProtocol: 'kubernetes.io/h2c' },
      { host: 'b', port: 1, appProtocol: 'HTTPS' },
      { host: 'c', port: 1, appProtocol: 'grpc', protocol: 'https:' },
      { name: 'sidecar', socketPath: '/run/b.sock', httpVersion: '2' },
    ])
    const shown = endpoints.map(({ identity, host, port, socketPath, protocol, httpVersion }) => [
      identity,
      socketPath ?? `${host}:${port}`,
      protocol,
      httpVersion,
    ])
    expect(shown).toEqual([
      ['10.0.0.1:50051', '10.0.0.1:50051', 'http:', '2'],
      ['pod.example:443', 'pod.example:443', 'https:', '2'],
      ['unix:/run/app.sock', '/run/app.sock', 'http:', '1.1'],
      ['a:1', 'a:1', 'http:', '2'],
      ['b:1', 'b:1', 'https:', '1.1'],
      ['c:1', 'c:1', 'https:', '2'],
      ['sidecar', '/run/b.sock', 'http:', '2'],
    ])
    expect(endpoints[2]).toMatchObject({ host: 'localhost', port: 0 })
  })

  it('finds each endpoint after any change of those before: others, fewer, in another order', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((name) => ({ name, host: name, port: 1 })) as [
      EndpointInit,
      EndpointInit,
      EndpointInit,
    ]
    let set = endpointSet([])
    for (const list of [[a, b], [b, a], [a, { ...b, port: 2 }], [a, c], [c], [c, { ...a, weight: 0 }], []]) {
      const next = endpointSet(list, set)
      expect(next.endpoints.map(({ identity }) => identity)).toEqual(list.map(({ name }) => name))
      for (const { name, port, weight = 1 } of list) {
        expect(next.get(name as string)).toMatchObject({ identity: name, port, weight })
        expect(next.weightOf(name as string)).toBe(weight)
      }
      const gone = ['a', 'b', 'c'].filter((name) => !list.some((each) => each.name === name))
      for (const name of gone) {
        expect(next.get(name)).toBeUndefined()
        expect(next.availability(name)).toBeUndefined()
      }
      set = next
    }
  })

  it('still finds two of one identity where a set stood before', () => {
    const before = endpointSet([POD, { ...POD, name: 'b' }])
    expect(() => endpointSet([POD, POD], before)).toThrow(
      'endpoints[0] and endpoints[1] have the same identity "web-0"',
    )
  })

  it('takes another way to speak to an endpoint for a change', () => {
    const before = endpointSet([POD])
    expect(isSameSet(before, endpointSet([{ ...POD, appProtocol: 'http' }]))).toBe(true)
    expect(isSameSet(before, endpointSet([{ ...POD, appProtocol: 'h2c' }]))).toBe(false)
    expect(isSameSet(before, endpointSet([{ name: 'web-0', socketPath: '/run/a.sock' }]))).toBe(false)
  })

  it('reads objects: identity is the name unless one is given', () => {
    const set = endpointSet([POD, { ...POD, identity: 'uid-1', weight: 3, zone: 'a' }])
    expect(set.get('web-0')).toMatchObject({ weight: 1, zone: undefined, conditions: { ready: true } })
    expect(set.get('uid-1')).toMatchObject({ weight: 3, zone: 'a' })
    expect(set.get('web-1')).toBeUndefined()
    expect(set.availability('web-1')).toBeUndefined()
  })

  it('places new keys on ready endpoints with a weight', () => {
    const set = endpointSet([
      POD,
      { ...POD, name: 'idle', weight: 0 },
      { ...POD, name: 'draining', conditions: { ready: false, terminating: true } },
      { ...POD, name: 'starting', conditions: { ready: false } },
    ])
    expect(set.placeable.map(({ identity }) => identity)).toEqual(['web-0'])
    expect(set.availability('idle')).toEqual({ state: 'ready' })
    expect(set.availability('draining')).toEqual({ state: 'draining' })
    expect(set.availability('starting')).toEqual({ state: 'down', cause: 'not-ready' })
  })

  it.each<[unknown, string]>([
    ['10.0.0.1:80', 'endpoints[1]: expected a URL such as http://10.0.0.1:8080'],
    ['ftp://10.0.0.1', 'endpoints[1]: expected a URL such as'],
    ['http://a/path', 'endpoints[1]: expected a URL of protocol, host and port alone'],
    ['http://user:secret@a', 'endpoints[1]: expected a URL of protocol, host and port alone'],
    ['http://a/?q', 'endpoints[1]: expected a URL of protocol, host and port alone'],
    [null, 'endpoints[1]: expected a URL or an endpoint object, got null'],
    [{ ...POD, port: 0 }, 'endpoints[1].port: expected an integer from 1 to 65535, got 0'],
    [{ ...POD, port: '80' }, 'endpoints[1].port: expected an integer from 1 to 65535, got "80"'],
    [{ ...POD, host: 'a b' }, 'endpoints[1].host: expected a host name or address'],
    [{ ...POD, host: '' }, 'endpoints[1].host: expected a host name or address'],
    [{ ...POD, weight: -1 }, 'endpoints[1].weight: expected a number from 0 to 65535, got -1'],
    [{ ...POD, weight: Number.NaN }, 'endpoints[1].weight: expected a number from 0 to 65535, got NaN'],
    [{ ...POD, weight: Number.POSITIVE_INFINITY }, 'endpoints[1].weight: expected'],
    [{ ...POD, name: 'a\r\nb' }, 'endpoints[1].name: expected 1 to 253 printable characters'],
    [{ ...POD, name: '' }, 'endpoints[1].name: expected 1 to 253'],
    [{ ...POD, protocol: 'h2:' }, "endpoints[1].protocol: expected 'http:' or 'https:'"],
    [{ ...POD, httpVersion: '3' }, "endpoints[1].httpVersion: expected '1.1' or '2', got \"3\""],
    [
      { ...POD, appProtocol: 'mysql' },
      'endpoints[1].appProtocol: expected one of http, https, kubernetes.io/ws',
    ],
    [{ ...POD, socketPath: '/run/a.sock' }, 'endpoints[1]: expected a socketPath or host and port, got both'],
    [
      { name: 'a', socketPath: 'run/a.sock' },
      'endpoints[1].socketPath: expected an absolute path of at most 107 bytes',
    ],
    [{ name: 'a', socketPath: `/${'a'.repeat(107)}` }, 'endpoints[1].socketPath: expected an absolute path'],
    ['unix:run/a.sock', 'endpoints[1]: expected a URL such as'],
    [{ ...POD, adress: 'x' }, 'endpoints[1].adress is unknown; known: identity, name, host'],
    [{ ...POD, conditions: { redy: true } }, 'endpoints[1].conditions.redy is unknown'],
    [{ ...POD, conditions: { ready: 1 } }, 'endpoints[1].conditions.ready: expected true or false'],
  ])('refuses %j', (init, message) => {
    expect(() => endpointSet([{ ...POD, name: 'web-9' }, init as EndpointInit])).toThrow(message)
  })

  it('never shows the password of a URL', () => {
    expect(() => endpointSet(['http://user:secret@a'])).toThrow(/^(?!.*secret)/)
  })

  it('refuses two endpoints of one identity, naming both', () => {
    const double = () => endpointSet([POD, { ...POD, name: 'web-1' }, { ...POD, port: 81 }])
    expect(double).toThrow('endpoints[0] and endpoints[2] have the same identity "web-0"')
  })

  it('takes over the objects of endpoints that stayed as they were', () => {
    const before = endpointSet([POD, { ...POD, name: 'web-1' }])
    const after = endpointSet([POD, { ...POD, name: 'web-1', weight: 2 }], before)
    expect(after.get('web-0')).toBe(before.get('web-0'))
    expect(after.get('web-1')).not.toBe(before.get('web-1'))
  })
})

describe('isSameSet', () => {
  it('disregards order, and nothing else', () => {
    const other = { ...POD, name: 'web-1' }
    const set = endpointSet([POD, other])
    expect(isSameSet(set, endpointSet([other, POD]))).toBe(true)
    for (const change of [
      { port: 81 },
      { host: 'b' },
      { weight: 2 },
      { zone: 'z' },
      { conditions: { ready: false } },
    ]) {
      expect(isSameSet(set, endpointSet([POD, { ...other, ...change }]))).toBe(false)
    }
    expect(isSameSet(set, endpointSet([POD]))).toBe(false)
    expect(isSameSet(set, endpointSet([POD, { ...POD, name: 'web-2' }]))).toBe(false)
  })
})

describe('availabilityOf', () => {
  it.each([
    [true, true, false, { state: 'ready' }],
    [false, true, false, { state: 'down', cause: 'not-ready' }],
    [false, false, false, { state: 'down', cause: 'not-ready' }],
    [true, true, true, { state: 'draining' }],
    [false, true, true, { state: 'draining' }],
    [false, false, true, { state: 'down', cause: 'terminated' }],
  ])('of ready %s, serving %s, terminating %s is %j', (ready, serving, terminating, expected) => {
    expect(availabilityOf({ ready, serving, terminating })).toEqual(expected)
  })
})
