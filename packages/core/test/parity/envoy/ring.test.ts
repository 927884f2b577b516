import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { murmur2 } from '../../../src/parity/envoy/murmur2.ts'
import { EnvoyRing } from '../../../src/parity/envoy/ring.ts'
import { xxh64 } from '../../../src/parity/envoy/xxh64.ts'
import { joined, split } from './hash64.ts'
import { hashKey, tableHosts } from './table-hosts.ts'
import { type RingCase, unitTests } from './unit-tests.ts'
import { xxh64Reference } from './xxh64-reference.ts'

const U64_MAX = 2n ** 64n - 1n

function ringOf({ hosts, weights, minimumRingSize, maximumRingSize = 8_388_608, hashFunction }: RingCase) {
  const hash = hashFunction === 'XX_HASH' ? xxh64 : murmur2
  return new EnvoyRing(tableHosts(hosts, weights), { minimumRingSize, maximumRingSize, hash })
}

/** Positions with owners, in the order of the ring. */
function entries({ highs, lows, owners }: EnvoyRing): readonly (readonly [bigint, number])[] {
  return [...highs].map((high, index) => [
    joined({ high, low: lows[index] as number }),
    owners[index] as number,
  ])
}

function countsOf(owners: Iterable<number>, hosts: number): readonly number[] {
  const counts = new Array<number>(hosts).fill(0)
  for (const owner of owners) counts[owner] = (counts[owner] as number) + 1
  return counts
}

describe('EnvoyRing', () => {
  describe.each(unitTests.ringHash.map((test, index) => [index, test] as const))(
    'in the unit test %i of Envoy',
    (_index, test) => {
      const ring = ringOf(test)
      const { hosts } = test
      const chosen = (hash: bigint, attempt = 0) => hosts[ring.hostAt(split(hash), attempt)]

      it('has the entries that Envoy has', () => {
        const { size, entriesPerHost, entriesPerHostMinMax } = test
        const counts = countsOf(ring.owners, hosts.length)
        if (test.ring) {
          expect(entries(ring).map(([at, owner]) => [hosts[owner], String(at)])).toEqual(test.ring)
        }
        if (size !== undefined) expect(ring.size).toBe(size)
        if (entriesPerHost) expect(counts).toEqual(entriesPerHost)
        if (entriesPerHostMinMax) {
          expect([Math.min(...counts), Math.max(...counts)]).toEqual(entriesPerHostMinMax)
        }
      })

      it('answers the hosts that Envoy chooses', () => {
        for (const [hash, host] of test.chooseHost ?? []) expect(chosen(BigInt(hash)), hash).toBe(host)
        for (const [hash, expected] of test.attempts ?? []) {
          expect(expected.map((_, attempt) => chosen(BigInt(hash), attempt))).toEqual(expected)
        }
        if (!test.histogram) return
        const [, divisor, last] = /\/(\d+)\), i = 0\.\.(\d+)/.exec(test.histogram.hashes) ?? []
        const step = U64_MAX / BigInt(divisor as string)
        const hashes = Array.from({ length: Number(last) + 1 }, (_, i) =>
          ring.hostAt(split(BigInt(i) * step), 0),
        )
        expect(countsOf(hashes, hosts.length)).toEqual(test.histogram.counts)
      })
    },
  )

  it('finds the first position at or behind a hash, around the end, for any hosts', () => {
    const keys = fc.uniqueArray(hashKey, { minLength: 1, maxLength: 12 })
    const u64 = fc.bigInt({ min: 0n, max: U64_MAX })
    fc.assert(
      fc.property(
        keys,
        fc.integer({ min: 1, max: 150 }),
        fc.array(u64),
        fc.nat(50),
        (keys, size, hashes, attempt) => {
          const limits = { minimumRingSize: size, maximumRingSize: size, hash: xxh64 }
          const ring = new EnvoyRing(tableHosts(keys), limits)
          const own = entries(ring)
          const expected = keys.flatMap((key, owner) =>
            own
              .filter(([, index]) => index === owner)
              .map((_, j) => xxh64Reference(Buffer.from(`${key}_${j}`), 0n)),
          )
          expect(own.map(([at]) => at)).toEqual(expected.sort((one, other) => (one < other ? -1 : 1)))
          const positions = own.map(([at]) => at)
          const sought = [...hashes, 0n, U64_MAX, ...positions, ...positions.map((at) => (at + 1n) & U64_MAX)]
          const owners = sought.map((hash) => {
            const first = positions.findIndex((at) => at >= hash)
            return own[((first === -1 ? 0 : first) + attempt) % own.length]?.[1]
          })
          expect(sought.map((hash) => ring.hostAt(split(hash), attempt))).toEqual(owners)
        },
      ),
      { numRuns: 30 },
    )
  })

  it('gives entries by weight, in the order of the hosts where they do not come out whole', () => {
    const limits = { minimumRingSize: 7, maximumRingSize: 7, hash: xxh64 }
    expect(countsOf(new EnvoyRing(tableHosts(['a', 'b', 'c']), limits).owners, 3)).toEqual([3, 2, 2])
    expect(countsOf(new EnvoyRing(tableHosts(['c', 'b', 'a']), limits).owners, 3)).toEqual([3, 2, 2])
    const even = { minimumRingSize: 1, maximumRingSize: 100, hash: xxh64 }
    expect(countsOf(new EnvoyRing(tableHosts(['a', 'b'], [1, 9]), even).owners, 2)).toEqual([1, 9])
  })

  it('answers nobody without hosts', () => {
    const ring = new EnvoyRing([], { minimumRingSize: 1, maximumRingSize: 1, hash: xxh64 })
    expect(ring.hostAt(split(1n), 0)).toBe(-1)
    expect(ring.hostAt(split(1n), 3)).toBe(-1)
  })

  it('holds a million entries, sorted', { timeout: 30_000 }, () => {
    const limits = { minimumRingSize: 1_000_000, maximumRingSize: 1_000_000, hash: xxh64 }
    const ring = new EnvoyRing(tableHosts(['a', 'b', 'c']), limits)
    expect(ring.size).toBe(1_000_000)
    let ascents = 0
    for (let i = 1; i < ring.size; i++) {
      const [before, own] = [ring.highs[i - 1] as number, ring.highs[i] as number]
      if (before < own || (before === own && (ring.lows[i - 1] as number) <= (ring.lows[i] as number)))
        ascents++
    }
    expect(ascents).toBe(999_999)
  })
})
