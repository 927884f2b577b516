import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FollowingHash } from '../../src/hash/following-hash.ts'
import { consistentHash, slicedHash } from '../../src/hash/make-consistent-hash.ts'
import type { Member } from '../../src/hash/member.ts'
import { turnClock } from '../support/turn-clock.ts'

const KEYS = Array.from({ length: 200 }, (_, i) => `session-${i}`)
/** Members of 100 points times the weight. */
const named = (from: number, to: number, weight = 20) =>
  Array.from({ length: to - from }, (_, i) => ({ identity: `web-${from + i}`, weight }))

function followed(members: readonly Member[] = []) {
  const clock = turnClock()
  const following = new FollowingHash(slicedHash([], {}), clock)
  following.follow(members)
  const homes = () => KEYS.map((key) => following.serving.pick(key)?.identity)
  return { clock, following, homes }
}

function homesOf(members: Iterable<Member>): (string | undefined)[] {
  const hash = consistentHash(members)
  return KEYS.map((key) => hash.pick(key)?.identity)
}

describe('FollowingHash', () => {
  it('has the first set at once, however large, and what is small or merged', () => {
    const { clock, following, homes } = followed(named(0, 100))
    expect(homes()).toEqual(homesOf(named(0, 100)))
    following.follow(named(1, 101))
    expect(homes()).toEqual(homesOf(named(1, 101)))
    following.follow(named(0, 10))
    expect(homes()).toEqual(homesOf(named(0, 10)))
    expect(following.isBehind).toBe(false)
    expect(clock.waiting).toBe(0)
  })

  it('serves by the old set while the new one is built, in more than one turn, and then by the new one', () => {
    const { clock, following, homes } = followed(named(0, 100))
    const old = homes()
    following.follow(named(40, 140))
    let turns = 0
    for (; following.isBehind; turns++) {
      expect(homes()).toEqual(old)
      clock.turn()
    }
    expect(turns).toBeGreaterThan(5)
    expect(homes()).toEqual(homesOf(named(40, 140)))
    expect(clock.waiting).toBe(0)
  })

  it('ends with the newest of the sets that come during a build, without beginning anew for each', () => {
    const { clock, following, homes } = followed(named(0, 100))
    const alone = followed(named(0, 100))
    alone.following.follow(named(30, 130))
    const turnsAlone = alone.clock.runAll()
    following.follow(named(30, 130))
    let turns = 0
    // One change each turn: a build that is begun anew each time would never end.
    for (; turns < turnsAlone; turns++) {
      following.follow(named(30, 131 + (turns % 3)))
      clock.turn()
    }
    expect(homes()).not.toEqual(homesOf(named(0, 100)))
    following.follow(named(31, 131))
    clock.runAll()
    expect(homes()).toEqual(homesOf(named(31, 131)))
  })

  it('builds at once where the old set knows less than half of the new one by weight', () => {
    const { clock, following, homes } = followed(named(0, 40))
    following.follow(named(0, 100))
    expect(following.isBehind).toBe(false)
    expect(homes()).toEqual(homesOf(named(0, 100)))
    following.follow(named(30, 130))
    expect(following.isBehind).toBe(true)
    // And so during a build, which is given up.
    following.follow(named(200, 300))
    expect(following.isBehind).toBe(false)
    expect(homes()).toEqual(homesOf(named(200, 300)))
    expect(clock.waiting).toBe(0)
  })

  it('catches up at once when asked to, also with a set that came during the build', () => {
    for (const last of [named(40, 140), named(41, 141)]) {
      const { clock, following, homes } = followed(named(0, 100))
      following.follow(named(40, 140))
      clock.turn()
      following.follow(last)
      following.catchUp()
      expect(following.isBehind).toBe(false)
      expect(homes()).toEqual(homesOf(last))
      expect(clock.waiting).toBe(0)
      following.catchUp()
      expect(homes()).toEqual(homesOf(last))
    }
  })

  it('refuses a bad set and stays with the one of before, whether or not one is being built', () => {
    const { clock, following, homes } = followed(named(0, 100))
    const bad = [{ identity: 'a' }, { identity: 'a' }]
    expect(() => following.follow(bad)).toThrow('same identity "a"')
    expect(homes()).toEqual(homesOf(named(0, 100)))
    following.follow(named(40, 140))
    expect(following.isBehind).toBe(true)
    expect(() => following.follow(bad)).toThrow('same identity "a"')
    expect(() => following.follow([{ identity: 'a', weight: -1 }])).toThrow('with.members[0].weight')
    clock.runAll()
    expect(homes()).toEqual(homesOf(named(40, 140)))
  })

  it('comes to the same mapping as a replica that heard of the last set alone, whatever it heard and when', () => {
    const set = fc
      .tuple(fc.nat(60), fc.integer({ min: 1, max: 60 }), fc.constantFrom(20, 30))
      .map(([from, count, weight]) => named(from, from + count, weight))
    const happening = fc.oneof(
      set.map((members) => ({ members, turns: 0 })),
      fc.nat(6).map((turns) => ({ members: undefined, turns })),
    )
    fc.assert(
      fc.property(fc.array(happening, { minLength: 1, maxLength: 10 }), set, (happenings, last) => {
        const { clock, following, homes } = followed()
        for (const { members, turns } of happenings) {
          if (members) following.follow(members)
          for (let turn = 0; turn < turns; turn++) clock.turn()
        }
        following.follow(last)
        clock.runAll()
        expect(following.isBehind).toBe(false)
        expect(homes()).toEqual(homesOf(last))
        expect(following.serving.members.map(({ identity }) => identity)).toEqual(
          last.map(({ identity }) => identity),
        )
      }),
      { numRuns: 40 },
    )
  })
})
