import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sampledDifference } from '../../src/hash/difference.ts'
import { type ConsistentHashOptions, consistentHash } from '../../src/hash/make-consistent-hash.ts'
import type { Member } from '../../src/hash/member.ts'

const ALGORITHMS = ['ring', 'rendezvous', 'maglev'] as const
/** A small table: the laws hold for each size. */
const options = (algorithm: (typeof ALGORITHMS)[number]): ConsistentHashOptions =>
  algorithm === 'maglev' ? { algorithm, tableSize: 1_009 } : { algorithm }

const identity = fc.constantFrom(...Array.from({ length: 12 }, (_, i) => `web-${i}`))
const weight = fc.constantFrom(0, 0.3, 1, 1, 1, 2, 5)
const members = fc
  .uniqueArray(fc.record({ identity, weight }), { selector: (member) => member.identity, maxLength: 9 })
  .map((list): readonly Member[] => list)
const key = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 40,
})
const keys = fc.array(key, { minLength: 20, maxLength: 60 })
const named = (count: number, of = 1) =>
  Array.from({ length: count }, (_, i) => ({ identity: `web-${i}.chat`, weight: of }))

describe.each(ALGORITHMS)('consistentHash(): %s', (algorithm) => {
  const make = (list: Iterable<Member>) => consistentHash(list, options(algorithm))

  it('depends on the set alone: not on order, nor on what was there before', () => {
    fc.assert(
      fc.property(
        members,
        members,
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        keys,
        (list, before, draws, asked) => {
          const shuffled = list
            .map((member) => ({ member, at: draws.next().value as number }))
            .sort((one, other) => one.at - other.at)
            .map(({ member }) => member)
          const plain = make(list)
          const reordered = make(shuffled)
          const changed = make(before).with(shuffled)
          for (const each of asked) {
            const expected = plain.pick(each)?.identity
            expect(reordered.pick(each)?.identity).toBe(expected)
            expect(changed.pick(each)?.identity).toBe(expected)
          }
          expect(changed.members.map((member) => member.identity)).toEqual(
            shuffled.map((member) => member.identity),
          )
        },
      ),
    )
  })

  it('never answers a member of weight 0, one that is left out, or nobody while somebody is left', () => {
    fc.assert(
      fc.property(members, fc.array(identity), keys, (list, left, asked) => {
        const hash = make(list)
        const able = list.filter((member) => member.weight !== 0 && !left.includes(member.identity))
        for (const each of asked) {
          const chosen = hash.pick(each, { skip: (member) => left.includes(member.identity) })
          if (able.length === 0) expect(chosen).toBeUndefined()
          else expect(able.map((member) => member.identity)).toContain(chosen?.identity)
        }
      }),
    )
  })

  it('gives as candidates who is chosen as each before is left out, each member once', () => {
    fc.assert(
      fc.property(members, key, (list, asked) => {
        const hash = make(list)
        const candidates = [...hash.candidates(asked)].map((member) => member.identity)
        const able = list.filter((member) => member.weight !== 0).map((member) => member.identity)
        expect([...candidates].sort()).toEqual([...able].sort())
        for (const [index, candidate] of candidates.entries()) {
          const before = candidates.slice(0, index)
          expect(hash.pick(asked, { skip: (member) => before.includes(member.identity) })?.identity).toBe(
            candidate,
          )
        }
        expect(hash.explain(asked).candidates).toEqual(candidates.slice(0, 8))
      }),
    )
  })

  it('never gives a member more than its capacity', () => {
    fc.assert(
      fc.property(members, fc.double({ min: 1, max: 2, noNaN: true }), keys, (list, bound, asked) => {
        const hash = make(list)
        const loads = new Map<string, number>()
        const totalWeight = list.reduce((sum, member) => sum + (member.weight ?? 1), 0)
        for (const [total, each] of asked.entries()) {
          const chosen = hash.pick(each, { load: (member) => loads.get(member.identity) ?? 0, total, bound })
          if (totalWeight === 0) {
            expect(chosen).toBeUndefined()
            continue
          }
          // Capacities add up to more than what is under way, so that there is always room.
          const { identity: name, weight: own } = chosen as { identity: string; weight: number }
          const load = (loads.get(name) ?? 0) + 1
          loads.set(name, load)
          expect(load).toBeLessThanOrEqual(Math.max(1, Math.ceil((bound * (total + 1) * own) / totalWeight)))
        }
      }),
    )
  })

  it('has shares that add up to 1 and are those of many keys', () => {
    const hash = make([...named(5), { identity: 'heavy', weight: 3 }, { identity: 'idle', weight: 0 }])
    const shares = hash.shares()
    expect([...shares.values()].reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9)
    expect(shares.get('idle')).toBe(0)
    const counts = new Map<string, number>()
    const count = 40_000
    for (let i = 0; i < count; i++) {
      const name = hash.pick(`key-${i}`)?.identity as string
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    for (const [name, share] of shares)
      expect(Math.abs((counts.get(name) ?? 0) / count - share)).toBeLessThan(0.01)
  })

  it('tells what moves as 200 000 keys do, from whom to whom', () => {
    const changes: [readonly Member[], readonly Member[]][] = [
      [named(5), named(7)],
      [named(7), named(5)],
      [named(5), named(5).map((member, i) => ({ ...member, weight: i === 0 ? 3 : 1 }))],
      [
        [{ identity: 'a', weight: 2 }, { identity: 'b' }, { identity: 'c' }],
        [{ identity: 'a' }, { identity: 'b', weight: 3 }, { identity: 'd' }],
      ],
      [named(1), named(1, 4)],
    ]
    for (const [from, to] of changes) {
      const [before, after] = [make(from), make(to)]
      const exact = before.diff(after)
      const sampled = sampledDifference(before, after)
      expect(exact.isExact).toBe(true)
      expect(Math.abs(exact.moved - sampled.moved)).toBeLessThanOrEqual(sampled.error + 1e-9)
      const shareOf = new Map(
        sampled.movements.map(({ from: source, to: target, share }) => [`${source}>${target}`, share]),
      )
      for (const { from: source, to: target, share } of exact.movements) {
        expect(Math.abs((shareOf.get(`${source}>${target}`) ?? 0) - share)).toBeLessThan(0.006)
      }
    }
  })

  it('moves to and from nobody where one of the two is empty, and nothing where nothing changed', () => {
    const some = make(named(4))
    expect(some.diff(make([]))).toMatchObject({ moved: 0, movements: [] })
    expect(make([]).diff(some)).toMatchObject({ moved: 0, movements: [] })
    expect(some.diff(some.with(named(4)))).toMatchObject({ moved: 0, movements: [] })
    expect(make([]).pick('a')).toBeUndefined()
    expect([...make([]).shares()]).toEqual([])
  })

  it('goes by its seed', () => {
    const plain = consistentHash(named(8), options(algorithm))
    const seeded = consistentHash(named(8), { ...options(algorithm), seed: 7 })
    const again = consistentHash(named(8), { ...options(algorithm), seed: 7 })
    let differing = 0
    for (let i = 0; i < 1_000; i++) {
      if (plain.pick(`key-${i}`)?.identity !== seeded.pick(`key-${i}`)?.identity) differing++
      expect(again.pick(`key-${i}`)?.identity).toBe(seeded.pick(`key-${i}`)?.identity)
    }
    expect(differing).toBeGreaterThan(750)
  })
})

describe.each(['ring', 'rendezvous'] as const)('consistentHash(): %s', (algorithm) => {
  const make = (list: Iterable<Member>) => consistentHash(list, { algorithm })

  it('moves nothing between two members that stay as they are', () => {
    fc.assert(
      fc.property(members, members, keys, (from, to, asked) => {
        const [before, after] = [make(from), make(from).with(to)]
        const same = new Set(
          from
            .filter((one) =>
              to.some((other) => other.identity === one.identity && other.weight === one.weight),
            )
            .map((one) => one.identity),
        )
        for (const each of asked) {
          const [source, target] = [before.pick(each)?.identity, after.pick(each)?.identity]
          if (source === target || source === undefined || target === undefined) continue
          expect(same.has(source) && same.has(target)).toBe(false)
        }
      }),
    )
  })

  it('leaves a member out as if it were not there', () => {
    fc.assert(
      fc.property(members, fc.array(identity), keys, (list, left, asked) => {
        const hash = make(list)
        const without = make(list.filter((member) => !left.includes(member.identity)))
        for (const each of asked) {
          const chosen = hash.pick(each, { skip: (member) => left.includes(member.identity) })
          expect(chosen?.identity).toBe(without.pick(each)?.identity)
        }
      }),
    )
  })
})

describe('consistentHash()', () => {
  it('refuses bad members and options, and names them', () => {
    const attempt =
      (list: unknown, given: unknown = {}) =>
      () =>
        consistentHash(list as Iterable<Member>, given as ConsistentHashOptions)
    expect(attempt([{ identity: 'a' }, { identity: 'a' }])).toThrow(
      'members[0] and consistentHash.members[1] have the same identity "a"',
    )
    for (const bad of [-1, Number.NaN, Number.POSITIVE_INFINITY, 65_536, '1']) {
      expect(attempt([{ identity: 'a', weight: bad }])).toThrow(
        'consistentHash.members[0].weight": expected a number from 0 to 65535',
      )
    }
    for (const bad of ['', 7, undefined, '\u0161']) {
      expect(attempt([{ identity: 'a' }, { identity: bad }])).toThrow(
        'consistentHash.members[1].identity": expected',
      )
    }
    expect(attempt([], { algorithm: 'jump' })).toThrow(
      "consistentHash.algorithm\": expected 'ring' or 'rendezvous' or 'maglev'",
    )
    expect(attempt([], { seed: -1 })).toThrow('consistentHash.seed')
    expect(attempt([], { replicas: 3 })).toThrow('consistentHash.replicas')
    expect(attempt([], { algorithm: 'maglev', tableSize: 1_000 })).toThrow(
      'expected a prime above the number of members',
    )
    expect(attempt(named(5), { algorithm: 'maglev', tableSize: 5 })).toThrow('expected a prime above')
    expect(() =>
      consistentHash(named(3)).with([{ identity: 'web-0.chat' }, { identity: 'web-0.chat' }]),
    ).toThrow('with.members[0] and with.members[1]')
    expect(() => consistentHash([]).with([{ identity: 'a', weight: -2 }])).toThrow('with.members[0].weight')
  })

  it('takes identities of any bytes, and keys as bytes', () => {
    const odd = ['\0', '\xff\xfe', 'a\nb', ' '].map((name) => ({ identity: name }))
    for (const algorithm of ALGORITHMS) {
      const hash = consistentHash(odd, { algorithm })
      expect(hash.pick(new Uint8Array([1, 2, 3]))).toBe(hash.pick('\x01\x02\x03'))
    }
  })

  it('is frozen as version 1: these keys go where they always went', () => {
    for (const [algorithm, expected] of Object.entries(VECTORS)) {
      const hash = consistentHash(named(10), { algorithm: algorithm as (typeof ALGORITHMS)[number] })
      const homes = Array.from({ length: 16 }, (_, i) =>
        Number(/\d+/.exec(hash.pick(`session-${i}`)?.identity as string)?.[0]),
      )
      expect(homes, algorithm).toEqual(expected)
      expect(hash.version).toBe(1)
    }
  })

  it('keeps a ring within its peak, and maglev within two per cent', () => {
    const peak = (size: number, algorithm: (typeof ALGORITHMS)[number]) =>
      Math.max(...consistentHash(named(size), { algorithm }).shares().values()) * size
    expect(peak(10, 'ring')).toBeLessThan(1.15)
    expect(peak(100, 'ring')).toBeLessThan(1.18)
    expect(peak(1_000, 'ring')).toBeLessThan(1.22)
    expect(peak(100, 'maglev')).toBeLessThan(1.02)
  })

  it('scales weights down together where a ring would get too many points', () => {
    const hash = consistentHash(named(5_000, 256))
    const { points } = hash as unknown as { points: { size: number } }
    expect(points.size).toBeLessThanOrEqual(1_048_576)
    expect(points.size).toBeGreaterThan(200_000)
    const light = consistentHash([...named(100, 256), { identity: 'light', weight: 0.001 }])
    expect(light.shares().get('light')).toBeGreaterThan(0)
  })

  it('says that a difference is estimated where it would take too long', () => {
    const before = consistentHash(named(1_500))
    const difference = before.diff(before.with(named(1_900)))
    expect(difference.isExact).toBe(false)
    expect(Math.abs(difference.moved - 400 / 1_900)).toBeLessThan(0.02)
    expect(before.diff(consistentHash(named(10), { algorithm: 'maglev' })).isExact).toBe(false)
  })
})

const VECTORS: Readonly<Record<string, readonly number[]>> = {
  ring: [4, 2, 9, 3, 0, 4, 9, 9, 3, 2, 3, 0, 0, 8, 3, 8],
  rendezvous: [3, 3, 0, 2, 9, 2, 6, 1, 1, 9, 8, 8, 9, 7, 0, 9],
  maglev: [7, 8, 6, 9, 0, 9, 9, 9, 6, 1, 3, 7, 1, 2, 5, 9],
}
