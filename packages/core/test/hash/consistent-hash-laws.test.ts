import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ConsistentHashOptions, consistentHash } from '../../src/hash/make-consistent-hash.ts'
import type { Member } from '../../src/hash/member.ts'

const ALGORITHMS = ['ring', 'rendezvous', 'maglev'] as const
const options = (algorithm: (typeof ALGORITHMS)[number]): ConsistentHashOptions =>
  algorithm === 'maglev' ? { algorithm, tableSize: 1_009 } : { algorithm }
/** Any text of latin1 characters, control characters and NUL among them. */
const latin1 = (minLength: number) =>
  fc.string({
    unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
    minLength,
    maxLength: 24,
  })
const members = fc
  .uniqueArray(fc.record({ identity: latin1(1), weight: fc.constantFrom(0, 0.004, 0.3, 1, 1, 1, 2.5, 8) }), {
    selector: ({ identity }) => identity,
    maxLength: 12,
  })
  .map((list): readonly Member[] => list)
const keys = fc.array(latin1(0), { minLength: 10, maxLength: 30 })
const named = (count: number, weight = 1) =>
  Array.from({ length: count }, (_, i) => ({ identity: `web-${i}.chat`, weight }))
/** Keys that no seed of a test chooses. */
const KEYS = Array.from({ length: 100_000 }, (_, i) => `session-${i}`)

describe.each(ALGORITHMS)('the laws of a consistent hash: %s', (algorithm) => {
  const make = (list: Iterable<Member>) => consistentHash(list, options(algorithm))

  it('has one mapping for one set, through any chain of changes, whatever bytes identities and keys are of', () => {
    fc.assert(
      fc.property(fc.array(members, { maxLength: 6 }), members, keys, (chain, last, asked) => {
        let hash = make([])
        for (const list of [...chain, last]) hash = hash.with(list)
        const plain = make(last)
        for (const key of asked) {
          expect(hash.pick(key)?.identity).toBe(plain.pick(key)?.identity)
          expect([...hash.candidates(key)].map(({ identity }) => identity)).toEqual(
            [...plain.candidates(key)].map(({ identity }) => identity),
          )
        }
        expect([...hash.shares()].sort()).toEqual([...plain.shares()].sort())
      }),
    )
  })

  it('never lets a member have more than its capacity as requests come and go, nor refuses one while there is room', () => {
    const event = fc.record({ key: fc.nat(400), ends: fc.nat(3), pick: fc.nat(1_000) })
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.record({ identity: latin1(1), weight: fc.constantFrom(0.5, 1, 1, 3) }), {
          selector: ({ identity }) => identity,
          minLength: 1,
          maxLength: 8,
        }),
        fc.constantFrom(1, 1.05, 1.25, 2),
        fc.array(event, { minLength: 50, maxLength: 300 }),
        (list, bound, events) => {
          const hash = make(list)
          const sum = list.reduce((total, { weight }) => total + weight, 0)
          const open: string[] = []
          const loads = new Map<string, number>()
          const add = (identity: string, count: number) =>
            loads.set(identity, (loads.get(identity) ?? 0) + count)
          for (const { key, ends, pick } of events) {
            for (let end = 0; end < ends - 1 && open.length > 0; end++) {
              add(open.splice(pick % open.length, 1)[0] as string, -1)
            }
            const total = open.length
            const chosen = hash.pick(`session-${key}`, {
              load: ({ identity }) => loads.get(identity) ?? 0,
              total,
              bound,
            })
            const { identity, weight } = chosen as Required<Member>
            add(identity, 1)
            open.push(identity)
            expect(loads.get(identity)).toBeLessThanOrEqual(
              Math.max(1, Math.ceil(bound * (total + 1) * (weight / sum))),
            )
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  it('leaves a key where it is while its member has room, bound or not', () => {
    const hash = make(named(10))
    for (const key of KEYS.slice(0, 500)) {
      expect(hash.pick(key, { load: () => 3, total: 30, bound: 1.25 })).toBe(hash.pick(key))
    }
  })

  it('tells what moves as 100 000 keys do, within the error that it states and theirs', () => {
    for (const [from, to] of [
      [named(10), named(11)],
      [named(10), named(9)],
      [named(10), named(10).with(3, { identity: 'web-3.chat', weight: 2 })],
      [named(12), named(12).toSpliced(2, 3).concat({ identity: 'other', weight: 2 })],
    ] as const) {
      const [before, after] = [make(from), make(to)]
      const { moved, error, movements } = before.diff(after)
      const counts = new Map<string, number>()
      let different = 0
      for (const key of KEYS) {
        const [source, target] = [before.pick(key)?.identity, after.pick(key)?.identity]
        if (source === target) continue
        different++
        counts.set(`${source}>${target}`, (counts.get(`${source}>${target}`) ?? 0) + 1)
      }
      const deviation = (share: number) => 4 * Math.sqrt((share * (1 - share)) / KEYS.length)
      expect(Math.abs(different / KEYS.length - moved)).toBeLessThan(error + deviation(moved))
      let told = 0
      for (const { from: source, to: target, share } of movements) {
        told += share
        const count = counts.get(`${source}>${target}`) ?? 0
        expect(Math.abs(count / KEYS.length - share)).toBeLessThan(error + deviation(share) + 1e-4)
        counts.delete(`${source}>${target}`)
      }
      expect(told).toBeCloseTo(moved, 9)
      // What was not told moves hardly any keys.
      for (const count of counts.values()) expect(count / KEYS.length).toBeLessThan(5e-4)
    }
  })

  it('has shares as 100 000 keys have them', () => {
    const hash = make([...named(20), { identity: 'heavy', weight: 4 }, { identity: 'light', weight: 0.25 }])
    const counts = new Map<string, number>()
    for (const key of KEYS) {
      const name = hash.pick(key)?.identity as string
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    for (const [name, share] of hash.shares()) {
      const error = 4.5 * Math.sqrt((share * (1 - share)) / KEYS.length)
      expect(Math.abs((counts.get(name) ?? 0) / KEYS.length - share), name).toBeLessThan(error)
    }
  })

  it('has nobody for a key where nobody is, has weight, is left or has room', () => {
    const hash = make(named(5))
    expect(hash.pick('a', { skip: () => true })).toBeUndefined()
    expect(hash.pick('a', { load: () => 10, total: 10, bound: 1 })).toBeUndefined()
    expect(make([]).pick('a', { skip: () => false })).toBeUndefined()
    expect(make(named(3, 0)).pick('a')).toBeUndefined()
    expect([...make(named(3, 0)).candidates('a')]).toEqual([])
    expect(hash.with([]).pick('a')).toBeUndefined()
    expect(hash.with([]).with(named(5)).pick('a')?.identity).toBe(hash.pick('a')?.identity)
  })

  it('asks about a member at most once in a pick', () => {
    fc.assert(
      fc.property(members, latin1(0), (list, key) => {
        const asked: string[] = []
        make(list).pick(key, {
          skip: ({ identity }) => {
            asked.push(identity)
            return true
          },
        })
        expect(new Set(asked).size).toBe(asked.length)
        expect(asked.length).toBe(list.filter(({ weight }) => weight !== 0).length)
      }),
    )
  })
})

describe.each(['ring', 'rendezvous'] as const)('what moves by %s', (algorithm) => {
  const make = (list: Iterable<Member>) => consistentHash(list, { algorithm })
  const some = KEYS.slice(0, 5_000)

  it('goes to the member that is added, from the one that is removed, and to or from the one whose weight changes', () => {
    const before = make(named(12))
    const homes = some.map((key) => before.pick(key)?.identity)
    const moves = (to: Member[]) => {
      const after = before.with(to)
      return some
        .map((key, i) => [homes[i], after.pick(key)?.identity] as const)
        .filter(([source, target]) => source !== target)
    }
    const added = moves([...named(12), { identity: 'new' }])
    expect(added.length).toBeGreaterThan(100)
    expect(added.every(([, target]) => target === 'new')).toBe(true)
    const removed = moves(named(12).toSpliced(4, 1))
    expect(removed.length).toBe(homes.filter((home) => home === 'web-4.chat').length)
    expect(removed.every(([source]) => source === 'web-4.chat')).toBe(true)
    const heavier = moves(named(12).with(4, { identity: 'web-4.chat', weight: 3 }))
    expect(heavier.length).toBeGreaterThan(100)
    expect(heavier.every(([, target]) => target === 'web-4.chat')).toBe(true)
    const lighter = moves(named(12).with(4, { identity: 'web-4.chat', weight: 0.2 }))
    expect(lighter.length).toBeGreaterThan(100)
    expect(lighter.every(([source]) => source === 'web-4.chat')).toBe(true)
  })

  it('is the same whether a member is skipped first and removed then, or removed at once', () => {
    const before = make(named(30))
    const after = before.with(named(30).toSpliced(10, 5))
    const gone = new Set(
      named(30)
        .slice(10, 15)
        .map(({ identity }) => identity),
    )
    for (const key of some) {
      expect(before.pick(key, { skip: ({ identity }) => gone.has(identity) })?.identity).toBe(
        after.pick(key)?.identity,
      )
    }
  })
})

describe('a ring of very many points', () => {
  it('stays within 1 048 576 of them with 5 000 members of weight 256, whose shares stay in proportion', () => {
    const list = Array.from({ length: 5_000 }, (_, i) => ({
      identity: `web-${i}.chat`,
      weight: i < 2_500 ? 256 : 64,
    }))
    const ring = consistentHash(list) as unknown as { points: { size: number; bytes: number } }
    expect(ring.points.size).toBeLessThanOrEqual(1_048_576)
    expect(ring.points.size).toBeGreaterThan(500_000)
    expect(ring.points.bytes).toBeLessThan(12_000_000)
    const shares = consistentHash(list).shares()
    const sumOf = (from: number, to: number) =>
      list.slice(from, to).reduce((sum, { identity }) => sum + (shares.get(identity) as number), 0)
    expect(sumOf(0, 2_500)).toBeCloseTo(0.8, 2)
    // Also of each member, not only of all together.
    const heaviest = Math.max(...list.slice(0, 2_500).map(({ identity }) => shares.get(identity) as number))
    const lightest = Math.min(...list.slice(2_500).map(({ identity }) => shares.get(identity) as number))
    expect(heaviest * 3_125).toBeLessThan(1.3)
    expect(lightest * 12_500).toBeGreaterThan(0.7)
  })

  it('moves nothing between members that stay when a change makes it scale its weights, except by that scale', () => {
    // 40 of weight 256 are 1 024 000 points; one more makes all halve, and the mapping is that of the new set.
    const before = consistentHash(named(40, 256))
    const after = before.with(named(41, 256))
    const plain = consistentHash(named(41, 256))
    for (const key of KEYS.slice(0, 2_000)) expect(after.pick(key)?.identity).toBe(plain.pick(key)?.identity)
    expect(before.with(named(40, 256)).diff(before).moved).toBe(0)
  })
})
