import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type NginxServer, nginxHash, type ParityScheme } from '../../../src/parity/index.ts'
import { keyOfCrc, type NaiveServer, naiveAttempts, naivePoints } from './naive-nginx.ts'

const server: fc.Arbitrary<NaiveServer> = fc.record({
  server: fc
    .tuple(fc.nat(255), fc.integer({ min: 1, max: 65_535 }))
    .map(([last, port]) => `10.0.0.${last}:${port}`),
  weight: fc.integer({ min: 1, max: 4 }),
  down: fc.boolean(),
})
const servers = fc.uniqueArray(server, { selector: (one) => one.server, minLength: 1, maxLength: 40 })
const key = fc.uint8Array({ minLength: 0, maxLength: 40 }).map((bytes) => Buffer.from(bytes))
const hashMethod = fc.constantFrom('hash consistent' as const, 'hash' as const)

function schemeOf(
  method: 'hash consistent' | 'hash',
  list: readonly NaiveServer[],
): ParityScheme<NginxServer> {
  return nginxHash({ servers: list, method, key: '$http_x' })
}

function attempts(scheme: ParityScheme<NginxServer>, bytes: Uint8Array): string[] {
  return Array.from(scheme.attempts(bytes), ({ name }) => name)
}

describe('nginxHash', () => {
  it('tries the servers that the naive nginx tries, to the 21st try that leads to none', {
    timeout: 30_000,
  }, () => {
    fc.assert(
      fc.property(hashMethod, servers, key, (method, list, bytes) => {
        const scheme = schemeOf(method, list)
        expect(attempts(scheme, bytes)).toEqual(naiveAttempts(method, list, bytes))
        expect(scheme.pick(bytes)?.name).toBe(attempts(scheme, bytes)[0])
      }),
      { numRuns: 150 },
    )
  })

  it('passes over a failed server as over one that is down, without another ring', {
    timeout: 30_000,
  }, () => {
    fc.assert(
      fc.property(hashMethod, servers, fc.func(fc.boolean()), key, (method, list, fails, bytes) => {
        const failed = new Set(list.map((one) => one.server).filter(fails))
        const scheme = schemeOf(method, list).without(failed)
        const asDown = list.map((one) => ({ ...one, down: one.down || failed.has(one.server) }))
        expect(attempts(scheme, bytes)).toEqual(naiveAttempts(method, asDown, bytes))
        expect(failed.has(scheme.pick(bytes)?.name ?? '')).toBe(false)
      }),
      { numRuns: 150 },
    )
  })

  it('gives up where 21 points have nobody, and takes the one behind the 21st try', {
    timeout: 30_000,
  }, () => {
    const list = Array.from({ length: 40 }, (_, i) => ({ server: `10.1.0.${i}:80`, weight: 1, down: i > 1 }))
    const points = naivePoints(list)
    const scheme = schemeOf('hash consistent', list)
    const isUp = points.map(({ owner }) => owner < 2)
    const lengths = new Set<number>()
    for (const [index, { position }] of points.entries()) {
      let steps = 0
      while (!isUp[(index + steps) % points.length]) steps++
      const picked = scheme.pick(keyOfCrc(position))?.name
      const expected = list[points[(index + steps) % points.length]?.owner as number]?.server
      expect(picked, `${steps} steps`).toBe(steps <= 20 ? expected : undefined)
      lengths.add(steps)
    }
    expect(lengths.has(20) && lengths.has(21)).toBe(true)
  })

  it('has a key at a point, and from there on to the next', () => {
    const list = Array.from({ length: 5 }, (_, i) => ({ server: `10.2.0.${i}:80`, weight: 1, down: false }))
    const points = naivePoints(list)
    const scheme = schemeOf('hash consistent', list)
    for (const [index, { position, owner }] of points.entries()) {
      expect(scheme.pick(keyOfCrc(position))?.name).toBe(list[owner]?.server)
      const next = points[(index + 1) % points.length]?.owner as number
      expect(scheme.pick(keyOfCrc((position + 1) >>> 0))?.name).toBe(list[next]?.server)
    }
  })

  it.each([
    ['10.0.14.1:8080', '10.2.214.1:8080', 3_457_807_926],
    ['10.1.78.1:8080', '10.3.164.1:8080', 3_306_371_903],
    ['10.2.122.1:8080', '10.4.57.1:8080', 2_366_052_839],
  ])('has of the point that %s and %s share the first alone, also for the walk', (one, other, position) => {
    const others = Array.from({ length: 20 }, (_, i) => `10.9.9.${i}:8080`)
    for (const names of [
      [one, other, ...others],
      [other, ...others, one],
    ]) {
      // All but the later one of the two are down, so that each point on the way is a try.
      const list = names.map((name) => ({ server: name, weight: 1, down: name !== other }))
      const bytes = keyOfCrc(position)
      const points = naivePoints(list)
      expect(points.length).toBe(names.length * 160 - 1)
      expect(points.find((point) => point.position === position)?.owner).toBe(
        names.indexOf(names[0] as string),
      )
      expect(attempts(schemeOf('hash consistent', list), bytes)).toEqual(
        naiveAttempts('hash consistent', list, bytes),
      )
    }
  })

  it('answers bytes of every kind by every method, and always ends', () => {
    const address = nginxHash({
      servers: [{ server: '10.0.0.1' }, { server: '10.0.0.2', down: true }],
      method: 'ip_hash',
    })
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => {
        const tried = attempts(address, bytes)
        expect(tried.length).toBeLessThan(2)
        expect(tried[0]).toBe(address.pick(bytes)?.name)
      }),
    )
  })

  it('sends every key to the only server, which is nobody once it is down', () => {
    const scheme = schemeOf('hash consistent', [{ server: '10.0.0.1', weight: 1, down: false }])
    for (const bytes of [new Uint8Array(0), Buffer.from('k')]) {
      expect(scheme.pick(bytes)?.name).toBe('10.0.0.1')
      expect(attempts(scheme, bytes)).toEqual(['10.0.0.1'])
      expect(scheme.without(new Set(['10.0.0.1'])).pick(bytes)).toBeUndefined()
      expect(attempts(scheme.without(new Set(['10.0.0.1'])), bytes)).toEqual([])
    }
    expect(scheme.without(new Set(['elsewhere']))).toBe(scheme)
  })
})
