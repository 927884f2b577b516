import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { AddressCounts } from '../../src/table/address-counts.ts'
import { HalfSipHash, type HashSeed } from '../../src/table/half-sip-hash.ts'

// Far above what they take, for machines that are busy with other work.
vi.setConfig({ testTimeout: 60_000 })

const SEED: HashSeed = [1, 2, 3, 4]

function addressCounts(seed: HashSeed = SEED): AddressCounts {
  return new AddressCounts(new HalfSipHash(seed), 1, 1)
}

const hosts = Array.from({ length: 41 }, (_, host) => `192.0.2.${host}`)

describe('AddressCounts', () => {
  it('counts nothing for an address that was never retained, whatever its fingerprint', () => {
    for (let seed = 0; seed < 500; seed++) {
      const counts = addressCounts([seed, 0, 0, 0])
      expect(counts.count('192.0.2.1')).toBe(0)
      expect(counts.retain('192.0.2.1')).toBe(1)
      expect(counts.count('192.0.2.1')).toBe(1)
    }
  })

  it('counts the addresses of one network together', () => {
    const counts = addressCounts()
    const ordinal = counts.retain('2001:db8:0:1::1')
    expect(counts.retain('2001:DB8:0:1:ffff::2%eth0')).toBe(ordinal)
    expect(counts.count('2001:db8:0:1:8000::')).toBe(2)
    expect(counts.count('2001:db8:0:2::1')).toBe(0)
    expect(counts.retain('::ffff:192.0.2.1')).toBe(counts.retain('192.0.2.1'))
  })

  it('finds an address again by its fingerprint alone, also in another instance of the same seed', () => {
    const counts = addressCounts()
    const ordinal = counts.retain('192.0.2.1')
    const [first, second, third] = [0, 1, 2].map((word) => counts.fingerprintWord(ordinal, word)) as [
      number,
      number,
      number,
    ]
    expect(counts.retainFingerprint(first, second, third)).toBe(ordinal)
    const other = addressCounts()
    other.retainFingerprint(first, second, third)
    other.retainFingerprint(first, second, third)
    expect(other.count('192.0.2.1')).toBe(2)
  })

  it('gives numbers again, so that addresses which come and go leave nothing behind', () => {
    const counts = addressCounts()
    let highest = 0
    for (let address = 0; address < 5_000; address++) {
      const kept = [0, 1, 2].map((host) => counts.retain(`10.${address >> 8}.${address & 255}.${host}`))
      highest = Math.max(highest, ...kept)
      for (const ordinal of kept) counts.release(ordinal)
    }
    expect(highest).toBe(3)
  })

  it('counts as a plain map does', () => {
    const action = fc.record({ isRetain: fc.boolean(), which: fc.nat(40), pick: fc.nat() })
    fc.assert(
      fc.property(fc.array(action, { maxLength: 400, size: 'max' }), fc.integer(), (actions, seed) => {
        const counts = addressCounts([seed, 5, 6, 7])
        const model = new Map<string, number>()
        const held: { readonly address: string; readonly ordinal: number }[] = []
        for (const { isRetain, which, pick } of actions) {
          if (isRetain || held.length === 0) {
            const address = hosts[which] as string
            held.push({ address, ordinal: counts.retain(address) })
            model.set(address, (model.get(address) ?? 0) + 1)
          } else {
            const [{ address, ordinal }] = held.splice(pick % held.length, 1) as [(typeof held)[number]]
            counts.release(ordinal)
            model.set(address, (model.get(address) as number) - 1)
          }
          const wrong = hosts.filter((address) => counts.count(address) !== (model.get(address) ?? 0))
          if (wrong.length > 0) expect.fail(`counted wrongly: ${wrong}`)
        }
        const ordinals = new Map(held.map(({ address, ordinal }) => [address, ordinal]))
        expect(new Set(ordinals.values()).size).toBe(ordinals.size)
      }),
      { numRuns: 50 },
    )
  })
})
