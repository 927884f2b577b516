import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Member } from '../../src/hash/member.ts'
import { checkMembers } from '../../src/hash/member.ts'
import { type Ring, ringOf } from '../../src/hash/ring.ts'
import { finished } from '../../src/hash/steps.ts'

const built = (members: readonly Member[]): Ring => finished(ringOf(checkMembers('members', members), 0))
/** All there is to say of a ring's points. */
const pointsOf = ({ points, slots }: Ring) => ({
  positions: [...points.positions],
  owners: [...points.slots].map((slot) => slots[slot]?.identity),
  starts: [...points.starts],
  shift: points.shift,
})

describe('merging points', () => {
  it('comes to the points, order and index of a ring built anew, over any chain of changes', () => {
    const members = fc.uniqueArray(
      fc.record({
        identity: fc.constantFrom(...Array.from({ length: 30 }, (_, i) => `web-${i}`)),
        weight: fc.constantFrom(0, 0.01, 0.5, 1, 1.37, 4),
      }),
      { selector: ({ identity }) => identity, maxLength: 30 },
    )
    fc.assert(
      fc.property(fc.array(members, { minLength: 2, maxLength: 8 }), (chain) => {
        let ring = built([])
        for (const next of chain) {
          ring = ring.with(next)
          expect(pointsOf(ring)).toEqual(pointsOf(built(next)))
        }
      }),
      { numRuns: 60 },
    )
  })

  it('keeps the index as fine as the ring grows and shrinks one by one', () => {
    const named = (count: number) => Array.from({ length: count }, (_, i) => ({ identity: `web-${i}` }))
    let ring = built(named(4))
    for (let count = 5; count <= 300; count++) ring = ring.with(named(count))
    expect(pointsOf(ring)).toEqual(pointsOf(built(named(300))))
    for (let count = 299; count >= 4; count--) ring = ring.with(named(count))
    expect(pointsOf(ring)).toEqual(pointsOf(built(named(4))))
  })

  it('takes no more slots than there were members at once', () => {
    const named = (from: number) => Array.from({ length: 20 }, (_, i) => ({ identity: `web-${from + i}` }))
    let ring = built(named(0))
    for (let from = 1; from < 200; from++) ring = ring.with(named(from))
    expect(ring.slots.length).toBeLessThanOrEqual(40)
  })

  it('shares the points where nothing has changed but the order', () => {
    const ring = built([{ identity: 'a' }, { identity: 'b', weight: 2 }])
    const same = ring.with([{ identity: 'b', weight: 2 }, { identity: 'a' }])
    expect(same.points).toBe(ring.points)
    expect(same.members.map(({ identity }) => identity)).toEqual(['b', 'a'])
  })
})
