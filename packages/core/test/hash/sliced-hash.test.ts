import { describe, expect, it } from 'vitest'
import { slicedHash } from '../../src/hash/make-consistent-hash.ts'
import type { Member } from '../../src/hash/member.ts'
import type { SlicedHash } from '../../src/hash/sliced-hash.ts'

const ALGORITHMS = ['ring', 'rendezvous', 'maglev'] as const
const KEYS = Array.from({ length: 500 }, (_, i) => `session-${i}`)
const named = (from: number, to: number, weight = 1) =>
  Array.from({ length: to - from }, (_, i) => ({ identity: `web-${from + i}`, weight }))
const homes = (hash: { pick(key: string): Member | undefined }) => KEYS.map((key) => hash.pick(key)?.identity)

/** Slices until the hash is there. */
function sliced(hash: SlicedHash, members: Iterable<Member>) {
  const steps = hash.withSteps(members)
  for (let slices = 1; ; slices++) {
    const { done, value } = steps.next()
    if (done) return { slices, made: value }
  }
}

describe.each(ALGORITHMS)('a hash made in slices: %s', (algorithm) => {
  const make = (members: Iterable<Member>) => slicedHash(members, { algorithm })

  it('is the hash that is made at once', async () => {
    const before = make(named(0, 1_000, 1.5))
    const heavy = [
      ...named(500, 1_500),
      { identity: 'heavy', weight: 3_000.5 },
      { identity: 'idle', weight: 0 },
    ]
    for (const members of [heavy, named(0, 999, 1.5), named(0, 3), []]) {
      const expected = make(members)
      const { made } = sliced(before, members)
      const awaited = await before.withInSlices(members)
      for (const hash of [made, awaited]) {
        expect(homes(hash)).toEqual(homes(expected))
        expect(hash.members).toEqual(expected.members)
        expect(hash.diff(expected).moved).toBe(0)
      }
    }
    expect(homes(before)).toEqual(homes(make(named(0, 1_000, 1.5))))
  })

  it('rejects with bad members, and with the reason of a signal', async () => {
    const before = make(named(0, 10))
    await expect(before.withInSlices([{ identity: 'a' }, { identity: 'a' }])).rejects.toMatchObject({
      code: 'duplicate-identity',
    })
    await expect(before.withInSlices([{ identity: 'a', weight: Number.NaN }])).rejects.toThrow(
      'members[0].weight',
    )
    const reason = new Error('no longer wanted')
    const aborted = AbortSignal.abort(reason)
    await expect(before.withInSlices(named(0, 11), { signal: aborted })).rejects.toBe(reason)
  })
})

describe('a hash made in slices', () => {
  it('takes one slice for a merge or a small ring, many for a large one', () => {
    const before = slicedHash(named(0, 2_000), {})
    expect(sliced(before, named(1, 2_001)).slices).toBe(1)
    expect(sliced(before, named(0, 400)).slices).toBe(1)
    expect(sliced(before, named(5_000, 7_000)).slices).toBeGreaterThan(8)
    expect(sliced(before, [{ identity: 'one', weight: 10_000 }]).slices).toBeGreaterThan(40)
    const maglev = slicedHash(named(0, 10), { algorithm: 'maglev', tableSize: 1_000_003 })
    expect(sliced(maglev, named(0, 11)).slices).toBeGreaterThan(8)
  })

  it('lets the event loop turn in between, and ends after the slice in which its signal is aborted', async () => {
    const before = slicedHash(named(0, 10), {})
    let turns = 0
    let isDone = false
    const count = () => {
      turns++
      if (!isDone) setImmediate(count)
    }
    setImmediate(count)
    await before.withInSlices(named(0, 4_000))
    isDone = true
    expect(turns).toBeGreaterThan(10)
    const controller = new AbortController()
    const reason = new Error('no longer wanted')
    const building = before.withInSlices(named(0, 4_000), { signal: controller.signal })
    setImmediate(() => controller.abort(reason))
    await expect(building).rejects.toBe(reason)
  })

  it('reads the members before its first turn, so that the list may change afterwards', async () => {
    const list: Member[] = named(0, 2_000)
    const building = slicedHash([], {}).withInSlices(list)
    list.length = 0
    expect(homes(await building)).toEqual(homes(slicedHash(named(0, 2_000), {})))
  })
})
