import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EnvoyMaglevTable } from '../../../src/parity/envoy/maglev-table.ts'
import { split } from './hash64.ts'
import { hashKey, tableHosts } from './table-hosts.ts'
import { unitTests } from './unit-tests.ts'
import { xxh64Reference } from './xxh64-reference.ts'

/** The table as Envoy's source words it: round after round over all hosts. */
function reference(keys: readonly string[], weights: readonly number[], size: number): readonly string[] {
  const shares = tableHosts(keys, weights).map(({ share }) => share)
  const most = Math.max(...shares)
  const modulus = BigInt(size)
  const entries = keys
    .map((key, index) => {
      const bytes = Buffer.from(key)
      const offset = Number(xxh64Reference(bytes, 0n) % modulus)
      const skip = Number(xxh64Reference(bytes, 1n) % (modulus - 1n)) + 1
      return { key, bytes, offset, skip, share: shares[index] as number, target: 0, next: 0 }
    })
    .sort((one, other) => Buffer.compare(one.bytes, other.bytes))
  const table = new Array<string>(size)
  for (let round = 1, filled = 0; filled < size; round++) {
    for (const entry of entries) {
      if (filled === size || round * entry.share < entry.target) continue
      entry.target += most
      let place: number
      do place = (entry.offset + entry.skip * entry.next++) % size
      while (table[place] !== undefined)
      table[place] = entry.key
      filled++
    }
  }
  return table
}

describe('EnvoyMaglevTable', () => {
  it.each(unitTests.maglev.map((test, index) => [index, test] as const))(
    'is the table of the unit test %i of Envoy',
    (_index, { hosts, weights, tableSize, table, attempts = [] }) => {
      const own = new EnvoyMaglevTable(tableHosts(hosts, weights), tableSize)
      expect([...own.places].map((host) => hosts[host])).toEqual(table)
      for (const [hash, expected] of attempts) {
        const chosen = expected.map((_, attempt) => hosts[own.hostAt(split(BigInt(hash)), attempt)])
        expect(chosen).toEqual(expected)
      }
    },
  )

  it('is what going round all hosts gives, for any keys and weights', () => {
    const hosts = fc.uniqueArray(fc.tuple(hashKey, fc.integer({ min: 1, max: 2 ** 20 })), {
      minLength: 1,
      maxLength: 20,
      selector: ([key]) => Buffer.from(key).toString('hex'),
    })
    fc.assert(
      fc.property(hosts, fc.constantFrom(23, 101, 509), (hosts, size) => {
        const keys = hosts.map(([key]) => key)
        const weights = hosts.map(([, weight]) => weight)
        const own = new EnvoyMaglevTable(tableHosts(keys, weights), size)
        expect([...own.places].map((host) => keys[host])).toEqual(reference(keys, weights, size))
      }),
      { numRuns: 40 },
    )
  })

  it('is what going round gives for equal weights, whose sums are rounded', () => {
    for (const count of [3, 6, 7, 11, 13, 49, 97]) {
      const keys = Array.from({ length: count }, (_, index) => `10.0.0.${index}:80`)
      const weights = keys.map(() => 1)
      const own = new EnvoyMaglevTable(tableHosts(keys, weights), 2_003)
      expect([...own.places].map((host) => keys[host])).toEqual(reference(keys, weights, 2_003))
    }
  })

  it('is filled in time beside one host that has nearly all of the weight', () => {
    const keys = Array.from({ length: 20_000 }, (_, index) => `pod-${index}`)
    const weights = keys.map((_, index) => (index === 0 ? 2 ** 31 : 1))
    const { places } = new EnvoyMaglevTable(tableHosts(keys, weights), 65_537)
    // All have a place in the first round, and the heavy one those of the others.
    expect([...places].filter((host) => host === 0).length).toBe(65_537 - 19_999)
  })

  it('finds the place of any hash and attempt', { timeout: 30_000 }, () => {
    const keys = Array.from({ length: 40 }, (_, index) => `pod-${index}`)
    const tables = [2, 41, 65_537, 5_000_011].map(
      (size) => new EnvoyMaglevTable(tableHosts(keys.slice(0, size)), size),
    )
    const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
    fc.assert(
      fc.property(fc.constantFrom(...tables), u64, fc.nat(1_000), (table, hash, attempt) => {
        const mutated = attempt === 0 ? hash : hash ^ (2n ** 64n - BigInt(attempt))
        const place = Number(mutated % BigInt(table.places.length))
        return table.hostAt(split(hash), attempt) === table.places[place]
      }),
      { numRuns: 1_000 },
    )
  })

  it('answers nobody without hosts', () => {
    expect(new EnvoyMaglevTable([], 7).hostAt(split(1n), 0)).toBe(-1)
  })
})
