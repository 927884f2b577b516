import { describe, expect, it, onTestFinished } from 'vitest'
import type { Endpoint } from '../../src/endpoint/endpoint.ts'
import { crc32 } from '../../src/parity/crc32.ts'
import { nginxHash } from '../../src/parity/nginx/nginx-hash.ts'
import { parityPlacement, parityTable } from '../../src/parity/parity-pool.ts'
import type { ParityScheme } from '../../src/parity/parity-scheme.ts'
import {
  DRAINING,
  NOT_READY,
  pod,
  pods,
  pool,
  REFUSED,
  refused,
  served,
  type TestPool,
} from '../support/pool.ts'
import { moduloScheme, servers } from './modulo-scheme.ts'

const KEYS = Array.from({ length: 200 }, (_, index) => `session-${index}`)
const homeOf = (key: string, count: number) => `pod-${(crc32(Buffer.from(key)) % count) + 1}`
const homes = ({ route }: TestPool) => KEYS.map((key) => served(route(key)).endpoint.identity)
const schemeOf = (endpoints: readonly Endpoint[]): ParityScheme =>
  moduloScheme(endpoints.map(({ identity }) => ({ name: identity, address: undefined })))

/** Warnings of the process from here to the end of the test. */
function warnings(): string[] {
  const seen: string[] = []
  const before = process.emitWarning
  process.emitWarning = ((message: string, { code }: { code: string }) =>
    seen.push(`${code} ${message}`)) as unknown as typeof process.emitWarning
  onTestFinished(() => {
    process.emitWarning = before
  })
  return seen
}

const KINDS = [
  ['parityTable', (scheme: typeof schemeOf) => ({ table: parityTable(scheme) })],
  ['parityPlacement', (scheme: typeof schemeOf) => ({ placement: parityPlacement(scheme) })],
] as const

describe.each(KINDS)('%s() of a function that makes the scheme', (path, options) => {
  it('serves as before while it throws, without the endpoints that are gone, and warns once', () => {
    const seen = warnings()
    let isBroken = false
    const make = (endpoints: readonly Endpoint[]) => {
      if (isBroken) throw new Error('no template')
      return schemeOf(endpoints)
    }
    const { route, discovery } = pool({ ...options(make), endpoints: pods(3) })
    served(route('first')).done()
    isBroken = true
    discovery.emit([...pods(2), pod(4)])
    const left = KEYS.map((key) => served(route(key)).endpoint.identity)
    expect(left).toEqual(KEYS.map((key) => homeOf(key, 2)))
    discovery.emit([...pods(2), pod(4), pod(5)])
    expect(served(route('a new one')).endpoint.identity).toBe(homeOf('a new one', 2))
    expect(seen).toHaveLength(1)
    expect(seen[0]).toMatch(new RegExp(`^LIMPET_SCHEME ${path}: .*no template$`))
    isBroken = false
    discovery.emit(pods(4))
    expect(served(route('another')).endpoint.identity).toBe(homeOf('another', 4))
  })

  it('has nobody while there was never a scheme', () => {
    warnings()
    const fail = () => {
      throw new Error('no template')
    }
    const { route, discovery } = pool({ ...options(fail), endpoints: pods(3) })
    expect(refused(route('k')).reason).toBe('no-endpoints')
    discovery.emit(pods(4))
    expect(refused(route('k')).reason).toBe('no-endpoints')
  })

  it('is not asked for a scheme of nobody, which no proxy has', () => {
    const seen = warnings()
    const make = (endpoints: readonly Endpoint[]) =>
      nginxHash({
        method: 'hash',
        key: '$http_k',
        servers: endpoints.map(({ host, port }) => ({ server: `${host}:${port}` })),
      })
    const { route, discovery } = pool({ ...options(make), endpoints: [pod(1), pod(2)] })
    served(route('k'))
    discovery.emit([])
    expect(refused(route('k')).reason).toBe('no-endpoints')
    discovery.emit([pod(1)])
    expect(served(route('k')).endpoint.identity).toBe('pod-1')
    expect(seen).toEqual([])
  })
})

describe('parityTable()', () => {
  it('survives a scheme that throws after a change from within, of which nobody waits for the end', async () => {
    const seen = warnings()
    const make = (_: readonly Endpoint[], weights: readonly number[]) => {
      if (weights.includes(7)) throw new Error('too heavy')
      return schemeOf(_)
    }
    const { sticky, route } = pool({ table: parityTable(make), endpoints: pods(3) })
    sticky.setWeight('pod-1', 7)
    await Promise.resolve()
    await Promise.resolve()
    expect(seen).toHaveLength(1)
    for (const key of KEYS) expect(served(route(key)).endpoint.identity).toBe(homeOf(key, 3))
  })

  it('survives an isServer that throws', () => {
    const seen = warnings()
    const isServer = ({ identity }: Endpoint, { name }: { name: string }) => {
      if (identity === 'pod-4') throw new Error('unheard of')
      return identity.slice(4) === name.slice(1)
    }
    const made = pool({ table: parityTable(moduloScheme(servers(3)), { isServer }), endpoints: pods(3) })
    made.discovery.emit([pod(4), ...pods(2)])
    expect(homes(made)).toEqual(KEYS.map((key) => homeOf(key, 2)))
    expect(seen).toHaveLength(1)
  })

  it("keeps discovery's order while an endpoint drains, and so its keys and everybody else's", () => {
    const made = pool({ table: parityTable(schemeOf), endpoints: pods(4) })
    const before = homes(made)
    made.discovery.emit([pod(1), pod(2, DRAINING), pod(3), pod(4)])
    expect(homes(made)).toEqual(before)
  })

  it("keeps the operator's weight while an endpoint drains", async () => {
    const seen: (readonly number[])[] = []
    const make = (endpoints: readonly Endpoint[], weights: readonly number[]) => {
      seen.push(weights)
      return schemeOf(endpoints)
    }
    const { sticky, discovery } = pool({ table: parityTable(make), endpoints: pods(3) })
    sticky.setWeight('pod-2', 5)
    sticky.setWeight('pod-3', 0)
    discovery.emit([pod(1), pod(2, DRAINING), pod(3, DRAINING)])
    expect(seen.at(-1)).toEqual([1, 5])
  })

  it('sends no key to an endpoint that is no server, also when no server is left', () => {
    const { route, discovery } = pool({ table: parityTable(moduloScheme(servers(2))), endpoints: pods(4) })
    discovery.emit([pod(1, NOT_READY), pod(2, NOT_READY), pod(3), pod(4)])
    for (const key of KEYS.slice(0, 20)) expect(refused(route(key)).reason).toBe('no-endpoints')
    discovery.emit([pod(2), pod(3), pod(4)])
    for (const key of KEYS) expect(served(route(key)).endpoint.identity).toBe('pod-2')
    const last = served(route('k')).next(REFUSED)
    expect(refused(last).reason).toBe('no-endpoints')
  })

  it('has an endpoint also for keys that the proxy would send to servers that are down, or balance', () => {
    const upstream = moduloScheme(servers(4))
    const panic: ParityScheme = { ...upstream, without: () => upstream }
    const undecided: ParityScheme = { ...upstream, pick: () => undefined, *attempts() {} }
    for (const scheme of [panic, undecided]) {
      const { route } = pool({ table: parityTable(scheme), endpoints: [pod(2), pod(3), pod(5)] })
      const taken = new Set<string>()
      for (const key of KEYS) {
        const answer = served(route(key))
        expect(answer.kind).toBe('stuck')
        expect(served(route(key)).endpoint).toBe(answer.endpoint)
        taken.add(answer.endpoint.identity)
      }
      expect(taken).toEqual(new Set(['pod-2', 'pod-3']))
    }
  })

  it('knows an IPv6 address however it is written', () => {
    const scheme = nginxHash({
      method: 'hash',
      key: '$http_k',
      servers: [{ server: '[2001:DB8:0:0::1]:80' }, { server: '[2001:db8::2]:80' }],
    })
    const hosts = ['2001:db8::1', '2001:0db8::0002']
    const endpoints = hosts.map((host, index) => ({ name: `pod-${index + 1}`, host, port: 80 }))
    const made = pool({ table: parityTable(scheme), endpoints })
    const names = KEYS.map((key) => scheme.pick(Buffer.from(key))?.name)
    expect(homes(made)).toEqual(names.map((name) => (name === scheme.servers[0]?.name ? 'pod-1' : 'pod-2')))
  })
})
