import { describe, expect, it } from 'vitest'
import { consistentHash } from '../../src/hash/make-consistent-hash.ts'

describe('what moves', () => {
  it.each(['ring', 'rendezvous', 'maglev'] as const)(
    'names identities of any characters: %s',
    (algorithm) => {
      const members = ['a\0b', 'a', 'b', '\0', ' '].map((identity) => ({ identity }))
      const before = consistentHash(members.slice(0, 4), { algorithm })
      const after = before.with(members)
      const { movements, moved } = before.diff(after)
      const comers = movements.filter(({ to }) => to === ' ')
      expect(comers.map(({ from }) => from).sort()).toEqual(['\0', 'a', 'a\0b', 'b'])
      expect(comers.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(
        after.shares().get(' ') as number,
        6,
      )
      expect(moved).toBeLessThan(0.35)
      // Of another kind, so that keys are sampled.
      const other = consistentHash(members, { algorithm, seed: 1 })
      const known = new Set(members.map(({ identity }) => identity))
      for (const { from, to } of before.diff(other).movements)
        expect([known.has(from), known.has(to)]).toEqual([true, true])
    },
  )
})
