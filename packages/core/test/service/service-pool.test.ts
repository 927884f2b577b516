import { describe, expect, it } from 'vitest'
import { header } from '../../src/key/header.ts'
import type { ServiceAffinity } from '../../src/service/service-affinity.ts'
import { type ServicePoolParts, servicePool } from '../../src/service/service-pool.ts'
import { createSticky } from '../../src/sticky.ts'
import { memoryTable } from '../../src/table/memory.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { fakeDiscovery } from '../../src/testing/fake-discovery.ts'
import { fakeRandom } from '../../src/testing/fake-random.ts'
import { brief, DRAINING, pod, pods, REFUSED, refused, served } from '../support/pool.ts'
import { settled } from '../support/settled.ts'

const HOUR = 3_600_000
const CLIENT_IP: ServiceAffinity = { kind: 'ClientIP', timeoutMs: 3 * HOUR }
const NONE: ServiceAffinity = { kind: 'None' }

function setUp(more: Partial<ServicePoolParts> = {}) {
  const clock = fakeClock()
  const endpoints = fakeDiscovery()
  let tell: (affinity: ServiceAffinity) => void = () => undefined
  const source: ServicePoolParts['affinity'] = {
    watch: (told, signal) =>
      new Promise((resolve) => {
        tell = told
        signal.addEventListener('abort', () => resolve())
      }),
  }
  const sticky = createSticky({
    ...servicePool({
      endpoints,
      affinity: source,
      key: undefined,
      table: undefined,
      trustedProxies: [],
      strictKubeProxy: false,
      zone: undefined,
      clock,
      ...more,
    }),
    clock,
    random: fakeRandom(),
  })
  /** The route of a request on a new connection of this client. */
  const from = (remoteAddress: string, headers: Record<string, string> = {}) =>
    served(sticky.route({ headers, socket: { remoteAddress } }))
  return { clock, endpoints, sticky, from, tell: (affinity: ServiceAffinity) => tell(affinity) }
}

function ready(affinity: ServiceAffinity, more: Partial<ServicePoolParts> = {}) {
  const pool = setUp(more)
  pool.tell(affinity)
  pool.endpoints.emit(pods(3))
  return pool
}

describe('sessionAffinity: ClientIP', () => {
  it('binds the address of a client, whatever its port and headers', () => {
    const { from } = ready(CLIENT_IP)
    const home = from('10.9.0.1').endpoint.identity
    for (let i = 0; i < 20; i++) expect(brief(from('10.9.0.1', { x: `${i}` }))).toBe(`stuck ${home}`)
  })

  it('ends with the timeout of the Service', () => {
    const { from, clock } = ready({ kind: 'ClientIP', timeoutMs: 60_000 })
    const home = from('10.9.0.1').endpoint.identity
    clock.advance(59_999)
    expect(brief(from('10.9.0.1'))).toBe(`stuck ${home}`)
    clock.advance(60_000)
    expect(from('10.9.0.1').kind).toBe('bound')
  })

  it('restarts its timer with a new connection, not with each request', () => {
    const { sticky, clock } = ready({ kind: 'ClientIP', timeoutMs: 60_000 })
    const request = { headers: {}, socket: { remoteAddress: '10.9.0.1' } }
    const home = served(sticky.route(request)).endpoint.identity
    for (let i = 0; i < 6; i++) {
      clock.advance(10_000)
      // The connection goes on where it went; the client's binding does not live longer by it.
      expect(brief(served(sticky.route(request)))).toBe(`stuck ${home}`)
    }
    expect(served(sticky.route({ ...request, socket: { remoteAddress: '10.9.0.1' } })).kind).toBe('bound')
  })

  it('follows a timeout that is changed, for the bindings that stand, too', () => {
    const { from, clock, tell } = ready(CLIENT_IP)
    from('10.9.0.1')
    clock.advance(60_000)
    tell({ kind: 'ClientIP', timeoutMs: 60_000 })
    expect(from('10.9.0.1').kind).toBe('bound')
  })

  it('takes the word of trusted proxies alone on who the client is', () => {
    const { from } = ready(CLIENT_IP, { trustedProxies: ['10.0.0.0/8'] })
    const home = from('10.9.0.1', { 'x-forwarded-for': '192.0.2.7' }).endpoint.identity
    expect(brief(from('10.9.0.2', { 'x-forwarded-for': '192.0.2.7' }))).toBe(`stuck ${home}`)
    expect(from('198.51.100.1', { 'x-forwarded-for': '192.0.2.7' }).kind).toBe('bound')
  })

  it('keeps a terminating endpoint for its clients while it serves', () => {
    const { from, endpoints } = ready(CLIENT_IP)
    const home = from('10.9.0.1').endpoint.identity
    endpoints.emit(pods(3).map((init) => (init.name === home ? { ...init, ...DRAINING } : init)))
    expect(brief(from('10.9.0.1'))).toBe(`stuck ${home}`)
  })
})

describe('sessionAffinity: None', () => {
  it('chooses at random, each endpoint as likely as the others', () => {
    const { from } = ready(NONE)
    const counts = new Map<string, number>()
    for (let i = 0; i < 6_000; i++) {
      const route = from('10.9.0.1')
      expect(route.kind).toBe('keyless')
      counts.set(route.endpoint.identity, (counts.get(route.endpoint.identity) ?? 0) + 1)
    }
    // Chi-square with two degrees of freedom: above 13.8 in one of a thousand fair draws.
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - 2_000) ** 2 / 2_000, 0)
    expect(counts.size).toBe(3)
    expect(chiSquare).toBeLessThan(13.8)
  })

  it('takes over when the Service is changed, and leaves off', () => {
    const { from, tell } = ready(CLIENT_IP)
    from('10.9.0.1')
    tell(NONE)
    expect(from('10.9.0.1').kind).toBe('keyless')
    tell(CLIENT_IP)
    expect(from('10.9.0.1').kind).toBe('stuck')
  })
})

describe('a key of its own beside the affinity of the Service', () => {
  it('comes first, and the address is the key of requests without it', () => {
    const { from } = ready(CLIENT_IP, { key: header('x-session') })
    const home = from('10.9.0.1', { 'x-session': 'a' }).endpoint.identity
    expect(brief(from('10.9.0.2', { 'x-session': 'a' }))).toBe(`stuck ${home}`)
    const other = from('10.9.0.2').endpoint.identity
    expect(brief(from('10.9.0.2'))).toBe(`stuck ${other}`)
  })

  it('is never taken for an address', () => {
    const { from } = ready(CLIENT_IP, { key: header('x-session') })
    from('10.9.0.1')
    for (const forged of ['10.9.0.1', 'ClientIP 10.9.0.1']) {
      expect(from('10.9.0.2', { 'x-session': forged }).kind).toBe('bound')
    }
  })

  it('counts each of its requests as use, and an address with each connection', () => {
    const { sticky, clock } = ready({ kind: 'ClientIP', timeoutMs: 60_000 }, { key: header('x-session') })
    const socket = { remoteAddress: '10.9.0.1' }
    const route = (headers: Record<string, string>, connection = socket) =>
      served(sticky.route({ headers, socket: connection }))
    const home = route({ 'x-session': 'a' }).endpoint.identity
    route({})
    for (let i = 0; i < 6; i++) {
      clock.advance(10_000)
      expect(brief(route({ 'x-session': 'a' }))).toBe(`stuck ${home}`)
    }
    expect(brief(route({ 'x-session': 'a' }, { ...socket }))).toBe(`stuck ${home}`)
    expect(route({}, { ...socket }).kind).toBe('bound')
  })

  it('is all there is where the Service says None', () => {
    const { from } = ready(NONE, { key: header('x-session') })
    expect(from('10.9.0.1', { 'x-session': 'a' }).kind).toBe('bound')
    expect(from('10.9.0.1').kind).toBe('keyless')
  })
})

describe('the first endpoints of a Service', () => {
  it('wait for its affinity, so that no request is placed by another', async () => {
    const { endpoints, sticky, tell } = setUp()
    endpoints.emit(pods(3))
    const route = sticky.route({ headers: {}, socket: { remoteAddress: '10.9.0.1' } })
    await settled()
    expect(sticky.endpoints).toBeUndefined()
    tell(CLIENT_IP)
    expect((await route).kind).toBe('bound')
  })

  it('wait three seconds, and then serve without affinity', () => {
    const { endpoints, sticky, clock, from } = setUp()
    endpoints.emit(pods(3))
    clock.advance(2_999)
    expect(sticky.endpoints).toBeUndefined()
    clock.advance(1)
    expect(from('10.9.0.1').kind).toBe('keyless')
  })

  it('are the newest when the affinity comes', () => {
    const { endpoints, sticky, tell } = setUp()
    endpoints.emit(pods(3))
    endpoints.emit(pods(5))
    tell(NONE)
    expect(sticky.endpoints?.endpoints).toHaveLength(5)
  })

  it('leave nothing behind when the pool is closed while they wait', async () => {
    const { endpoints, sticky, clock } = setUp()
    endpoints.emit(pods(3))
    await sticky.close()
    expect(endpoints.watches).toBe(0)
    expect(clock.pending).toBe(0)
  })
})

describe('strictKubeProxy', () => {
  const strict = (affinity: ServiceAffinity = CLIENT_IP) => {
    const pool = ready(affinity, { strictKubeProxy: true })
    pool.endpoints.emit([addressed(1), addressed(2), addressed(3)])
    return pool
  }
  const addressed = (number: number, more = {}) => {
    const { host, port } = pod(number)
    return { host: host as string, port: port as number, ...more }
  }

  it('takes the clients of a terminating endpoint away at once while another is ready', () => {
    const { from, endpoints } = strict()
    const home = from('10.9.0.1').endpoint.identity
    endpoints.emit([1, 2, 3].map((n) => addressed(n, home.startsWith(`10.0.0.${n}:`) ? DRAINING : {})))
    const moved = from('10.9.0.1')
    expect(moved).toMatchObject({ kind: 'moved', from: home })
    expect(brief(from('10.9.0.1'))).toBe(`stuck ${moved.endpoint.identity}`)
  })

  it('uses terminating endpoints where none is ready', () => {
    const { from, endpoints } = strict()
    endpoints.emit([addressed(1, DRAINING), addressed(2, { conditions: { ready: false, serving: false } })])
    expect(from('10.9.0.1').endpoint.host).toBe('10.0.0.1')
  })

  it('does not remember the clients of an endpoint that went and came back', () => {
    const { from, endpoints } = strict()
    const clients = Array.from({ length: 30 }, (_, index) => `10.9.1.${index}`)
    const before = clients.map((client) => from(client).endpoint.host)
    endpoints.emit([addressed(2), addressed(3)])
    endpoints.emit([addressed(1), addressed(2), addressed(3)])
    for (const [index, client] of clients.entries()) {
      expect(from(client).kind).toBe(before[index] === '10.0.0.1' ? 'moved' : 'stuck')
    }
  })

  it('tries no other endpoint when a connection fails, and keeps the client where it was sent', () => {
    const { from } = strict()
    const route = from('10.9.0.1')
    expect(refused(route.next(REFUSED))).toMatchObject({ reason: 'no-endpoints' })
    for (let i = 0; i < 10; i++) {
      const again = from('10.9.0.1')
      expect(brief(again)).toBe(`stuck ${route.endpoint.identity}`)
      void again.next(REFUSED)
    }
  })

  it('forgets every client when the Service leaves off ClientIP', () => {
    const { from, tell } = strict()
    from('10.9.0.1')
    tell(NONE)
    tell(CLIENT_IP)
    expect(from('10.9.0.1').kind).toBe('bound')
  })

  it('places clients at random', () => {
    const { from } = strict()
    const hosts = new Set(Array.from({ length: 60 }, (_, index) => from(`10.9.2.${index}`).endpoint.host))
    expect(hosts.size).toBe(3)
  })
})

describe('the table of a Service', () => {
  it('must take another timeout', () => {
    const { lookup, claim, move, touch, release } = memoryTable()
    expect(() => setUp({ table: { lookup, claim, move, touch, release } })).toThrow(
      'option "kubernetesService.table": expected a table with setIdleTimeout(), for the timeout of the Service',
    )
  })
})
