import { describe, expect, it } from 'vitest'
import { crc32 } from '../../src/parity/crc32.ts'
import { parityKey, parityPlacement, parityTable } from '../../src/parity/parity-pool.ts'
import type { ParityScheme } from '../../src/parity/parity-scheme.ts'
import type { ServedRoute } from '../../src/route/route.ts'
import { createSticky } from '../../src/sticky.ts'
import { NOT_READY, pod, pods, pool, REFUSED, served, testKey } from '../support/pool.ts'
import { moduloScheme, servers } from './modulo-scheme.ts'

const KEYS = Array.from({ length: 200 }, (_, index) => `session-${index}`)
const homeOf = (key: string, count: number) => `pod-${(crc32(Buffer.from(key)) % count) + 1}`

describe('parityTable', () => {
  it('sends each key where the scheme says, by the address of the server', () => {
    const { route } = pool({ table: parityTable(moduloScheme(servers(4))), endpoints: pods(4) })
    for (const key of KEYS) {
      expect(served(route(key))).toMatchObject({ kind: 'stuck', endpoint: { identity: homeOf(key, 4) } })
    }
  })

  it('finds the endpoint by its identity first, or as the option says', () => {
    const named = servers(4).map(({ name }, index) => ({
      name: `pod-${4 - index}`,
      address: `other:${name}`,
    }))
    const byIdentity = pool({ table: parityTable(moduloScheme(named)), endpoints: pods(4) })
    const isServer = ({ identity }: { identity: string }, { name }: { name: string }) =>
      identity.slice(4) === name.slice(1)
    const elsewhere = servers(4).map(({ name }) => ({ name, address: undefined }))
    const byOption = pool({ table: parityTable(moduloScheme(elsewhere), { isServer }), endpoints: pods(4) })
    for (const key of KEYS) {
      const index = crc32(Buffer.from(key)) % 4
      expect(served(byIdentity.route(key)).endpoint.identity).toBe(`pod-${4 - index}`)
      expect(served(byOption.route(key)).endpoint.identity).toBe(`pod-${index + 1}`)
    }
  })

  it('has a server down whose endpoint takes no keys, is gone, or never was', () => {
    const { route, discovery } = pool({
      table: parityTable(moduloScheme(servers(4))),
      endpoints: [...pods(2), pod(4)],
    })
    const without3 = (key: string) => ['pod-1', 'pod-2', 'pod-4'][crc32(Buffer.from(key)) % 3]
    for (const key of KEYS) expect(served(route(key)).endpoint.identity).toBe(without3(key))
    discovery.emit([...pods(2), pod(3, NOT_READY), pod(4)])
    for (const key of KEYS) expect(served(route(key)).endpoint.identity).toBe(without3(key))
    discovery.emit(pods(4))
    for (const key of KEYS) expect(served(route(key)).endpoint.identity).toBe(homeOf(key, 4))
  })

  it('never sends a request to an endpoint that is no server of the scheme', () => {
    const { route } = pool({ table: parityTable(moduloScheme(servers(2))), endpoints: pods(4) })
    for (const key of KEYS) expect(served(route(key)).endpoint.identity).toBe(homeOf(key, 2))
  })

  it('goes on as the proxy does after failed connections, and then over those that are left', () => {
    const { route } = pool({
      table: parityTable(moduloScheme(servers(4))),
      endpoints: pods(4),
      passiveHealth: false,
    })
    for (const key of KEYS.slice(0, 40)) {
      const first = crc32(Buffer.from(key)) % 4
      const tried: string[] = []
      for (let answer = route(key) as ServedRoute; (answer.kind as string) !== 'refused'; ) {
        tried.push(answer.endpoint.identity)
        answer = answer.next(REFUSED) as ServedRoute
      }
      expect(tried.slice(0, 2)).toEqual([`pod-${first + 1}`, `pod-${((first + 1) % 4) + 1}`])
      expect([...tried].sort()).toEqual(['pod-1', 'pod-2', 'pod-3', 'pod-4'])
    }
  })

  it('makes the scheme anew of the endpoints that there are, where it is given how', () => {
    const made: number[] = []
    const table = parityTable((endpoints) => {
      made.push(endpoints.length)
      return moduloScheme(
        endpoints.map(({ identity, host, port }) => ({ name: identity, address: `${host}:${port}` })),
      )
    })
    const { route, discovery } = pool({ table, endpoints: pods(3) })
    for (const key of KEYS) expect(served(route(key)).endpoint.identity).toBe(homeOf(key, 3))
    discovery.emit(pods(5))
    for (const key of KEYS) expect(served(route(key)).endpoint.identity).toBe(homeOf(key, 5))
    expect(made).toEqual([3, 5])
  })
})

describe('parityPlacement', () => {
  it('binds a new key where the scheme says, and keeps it there when the mapping changes', () => {
    const placement = parityPlacement((endpoints) =>
      moduloScheme(endpoints.map(({ identity }) => ({ name: identity, address: undefined }))),
    )
    const { route, discovery } = pool({ placement, endpoints: pods(3) })
    for (const key of KEYS)
      expect(served(route(key))).toMatchObject({ kind: 'bound', endpoint: { identity: homeOf(key, 3) } })
    discovery.emit(pods(4))
    for (const key of KEYS)
      expect(served(route(key))).toMatchObject({ kind: 'stuck', endpoint: { identity: homeOf(key, 3) } })
    expect(served(route('new'))).toMatchObject({ kind: 'bound', endpoint: { identity: homeOf('new', 4) } })
  })

  it('places without the table what the table does not answer', () => {
    const failing = { ...brokenTable() }
    const { route } = pool({
      placement: parityPlacement(moduloScheme(servers(4))),
      table: failing,
      endpoints: pods(4),
    })
    for (const key of KEYS)
      expect(served(route(key))).toMatchObject({ kind: 'fallback', endpoint: { identity: homeOf(key, 4) } })
  })
})

describe('parityKey', () => {
  it('is what the proxy would cut from the request, and tells which headers it reads', () => {
    const key = parityKey(moduloScheme(servers(4)))
    const sticky = createSticky({
      key,
      endpoints: ['http://10.0.0.1:80'],
      table: parityTable(moduloScheme(servers(1))),
    })
    expect(sticky.keyHeaders).toEqual(['x-session'])
    expect(key.read({ headers: {}, rawHeaders: ['X-Session', 'caf\u00c3\u00a9', 'X-Session', 'b'] })).toBe(
      'caf\u00c3\u00a9',
    )
    expect(key.read({ headers: {} })).toBeUndefined()
    expect(key.read({ headers: { 'x-session': 'x'.repeat(5_000) } })).toMatchObject({ reason: 'bad-key' })
    expect(
      parityKey({ ...moduloScheme([]), key: () => new Uint8Array() }).read({ headers: {} }),
    ).toBeUndefined()
  })
})

it('bad options are named', () => {
  const scheme = moduloScheme(servers(1))
  expect(() => parityTable({} as ParityScheme)).toThrow(/parityTable\.scheme.*nginxHash/)
  expect(() => parityPlacement(undefined as unknown as ParityScheme)).toThrow(/parityPlacement\.scheme/)
  expect(() => parityTable(scheme, { draining: 'no' as 'keep' })).toThrow(/parityTable\.draining/)
  expect(() => parityTable(scheme, { seed: 1 } as object)).toThrow(/parityTable.*seed/)
  expect(() => parityPlacement(scheme, { isServer: 1 as never })).toThrow(/parityPlacement\.isServer/)
  expect(() => parityKey(scheme, { maxLength: 0 })).toThrow(/parityKey\.maxLength/)
  expect(() => createSticky({ key: testKey, endpoints: [], table: parityTable(scheme) })).not.toThrow()
})

function brokenTable() {
  const fail = () => {
    throw new Error('away')
  }
  return { lookup: fail, claim: fail, move: fail, touch: fail, release: fail }
}
