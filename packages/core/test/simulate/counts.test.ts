import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { consistentHash } from '../../src/hash/make-consistent-hash.ts'
import type { Member } from '../../src/hash/member.ts'
import {
  type Change,
  type MappingOf,
  type MappingOutcome,
  type SimulatedMapping,
  simulate,
} from '../../src/simulate/index.ts'
import { syntheticKeys } from '../../src/simulate/synthetic-keys.ts'
import { bruteForce } from './brute-force.ts'

const BINDINGS = 2_000

type PickOf = (members: readonly Required<Member>[]) => (key: Uint8Array) => string | undefined

const byHash =
  (algorithm: 'ring' | 'rendezvous' | 'maglev'): PickOf =>
  (members) => {
    const hash = consistentHash(members, { algorithm })
    return (key) => hash.pick(key)?.identity
  }
/** By the key's last byte: nearly everything moves. */
const byModulo: PickOf = (members) => (key) => members[(key[35] as number) % members.length]?.identity
const modulo: MappingOf = (endpoints) => ({
  pick: (key) => {
    const endpoint = endpoints[(key[35] as number) % endpoints.length]
    return endpoint && { name: endpoint.address }
  },
})

async function outcome(mapping: SimulatedMapping, changes: readonly Change[]): Promise<MappingOutcome> {
  const pool = { endpoints: 5, bindings: BINDINGS, mappings: { one: mapping } }
  return (await simulate(pool, changes)).mappings[0] as MappingOutcome
}

const web = (...ordinals: number[]) => ordinals.map((ordinal) => ({ identity: `web-${ordinal}`, weight: 1 }))
const FIVE = web(0, 1, 2, 3, 4)
const OTHER = { identity: 'other', weight: 3 }

const CHANGES: [string, Change, Required<Member>[][]][] = [
  ['scale to 7', { kind: 'scale', to: 7 }, [FIVE, web(0, 1, 2, 3, 4, 5, 6)]],
  ['scale to 2', { kind: 'scale', to: 2 }, [FIVE, web(0, 1)]],
  ['scale to 5', { kind: 'scale', to: 5 }, [FIVE, FIVE]],
  ['remove two', { kind: 'remove', endpoints: ['web-1', 'web-3'] }, [FIVE, web(0, 2, 4)]],
  ['add one', { kind: 'add', endpoints: [OTHER] }, [FIVE, [...FIVE, OTHER]]],
  [
    'another weight',
    { kind: 'weight', endpoint: 'web-4', weight: 2 },
    [FIVE, [...web(0, 1, 2, 3), { identity: 'web-4', weight: 2 }]],
  ],
  [
    'restart two in turn',
    { kind: 'restart', endpoints: ['web-3', 'web-0'] },
    [FIVE, web(0, 1, 2, 4), FIVE, web(1, 2, 3, 4), FIVE],
  ],
  [
    'restart all, three at a time',
    { kind: 'restart', atOnce: 3 },
    [FIVE, web(0, 1), FIVE, web(2, 3, 4), FIVE],
  ],
]
const MAPPINGS: [string, SimulatedMapping, PickOf, boolean][] = [
  ['ring', 'ring', byHash('ring'), false],
  ['rendezvous', 'rendezvous', byHash('rendezvous'), false],
  ['maglev', 'maglev', byHash('maglev'), false],
  ['a function', modulo, byModulo, false],
  ['table', 'table', byHash('ring'), true],
  ['table by a function', { table: modulo }, byModulo, true],
]

describe('simulate() counts as one who keeps the history of each key', () => {
  const cases = CHANGES.flatMap(([what, change, sets]) =>
    MAPPINGS.map(([name, mapping, pickOf, isStored]) => ({
      what,
      name,
      change,
      sets,
      mapping,
      pickOf,
      isStored,
    })),
  )

  it.each(cases)('$what: $name', async ({ change, sets, mapping, pickOf, isStored }) => {
    const { changes } = await outcome(mapping, [change])
    const { moves, needed, unneeded, moved, elsewhere, steps, after } = changes[0] as (typeof changes)[0]
    const counts = Object.fromEntries(after.endpoints.map(({ identity, bindings }) => [identity, bindings]))
    const worlds = sets.map((members) => ({ members, pick: pickOf(members) }))
    const expected = bruteForce(syntheticKeys('uuid', 0), BINDINGS, worlds, isStored)
    expect({ needed, unneeded, moved, elsewhere, counts }).toEqual(expected)
    expect(moves).toBe(needed + unneeded)
    expect(steps).toHaveLength(sets.length - 1)
    expect(steps.reduce((sum, step) => sum + step.moves, 0)).toBe(moves)
  })
})

const anyChange = fc.oneof(
  fc.record({ kind: fc.constant('scale' as const), to: fc.integer({ min: 1, max: 12 }) }),
  fc.record({ kind: fc.constant('restart' as const), atOnce: fc.integer({ min: 1, max: 3 }) }),
  fc.record({
    kind: fc.constant('weight' as const),
    endpoint: fc.constant('web-0'),
    weight: fc.constantFrom(0, 0.5, 1, 2, 5),
  }),
)

describe('the mappings', () => {
  it('of ring and rendezvous move nothing that need not, whatever happens', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyChange, { maxLength: 5 }), async (changes) => {
        for (const mapping of ['ring', 'rendezvous'] as const) {
          const pool = { endpoints: 4, bindings: 300, mappings: { mapping } }
          const [played] = (await simulate(pool, changes)).mappings
          expect(played?.changes.map(({ unneeded }) => unneeded)).toEqual(changes.map(() => 0))
        }
      }),
      { numRuns: 40 },
    )
  })

  it('of maglev moves some that need not', async () => {
    const { changes } = await outcome('maglev', [{ kind: 'scale', to: 6 }])
    expect(changes[0]?.unneeded).toBeGreaterThan(0)
  })

  it('of a table moves the bindings of the pod that is gone, and no other', async () => {
    const { placed, changes } = await outcome('table', [
      { kind: 'scale', to: 9 },
      { kind: 'weight', endpoint: 'web-1', weight: 0 },
      { kind: 'remove', endpoints: ['web-2'] },
    ])
    const bound = placed.endpoints.find(({ identity }) => identity === 'web-2')?.bindings
    expect(changes.map(({ moves }) => moves)).toEqual([0, 0, bound])
    expect(changes[2]?.lost).toEqual(['web-2'])
    // Weight 0 takes none of those that move, and keeps its own.
    const kept = (outcome: MappingOutcome['placed'] | undefined) =>
      outcome?.endpoints.find(({ identity }) => identity === 'web-1')?.bindings
    expect(kept(changes[2]?.after)).toBe(kept(placed))
  })

  it('of ring are back where they were after a restart, those of a table are where they went to', async () => {
    const restart: Change = { kind: 'restart', endpoints: ['web-2'] }
    const [ring] = (await outcome('ring', [restart])).changes
    const [table] = (await outcome('table', [restart])).changes
    expect(ring).toMatchObject({ moves: 2 * (ring?.moved ?? 0), elsewhere: 0 })
    expect(table).toMatchObject({ moves: ring?.moved, moved: ring?.moved, elsewhere: ring?.moved })
  })
})

describe('bindings that nobody takes', () => {
  it('do not count as moved when their endpoint is the one that comes back', async () => {
    for (const mapping of ['table', 'ring'] as const) {
      const pool = { endpoints: 1, bindings: 500, mappings: { mapping } }
      const [played] = (await simulate(pool, [{ kind: 'restart' }])).mappings
      const [change] = played?.changes ?? []
      expect(change).toMatchObject({
        moves: 0,
        moved: 0,
        elsewhere: 0,
        after: { unplaced: 0, peakToMean: 1 },
      })
      expect(change?.steps.map(({ unplaced }) => unplaced)).toEqual([500, 0])
    }
  })

  it('move once another endpoint has them, and are placed once there is one', async () => {
    const changes: Change[] = [
      { kind: 'remove', endpoints: ['web-0'] },
      { kind: 'add', endpoints: [{ identity: 'other' }] },
    ]
    const pool = { endpoints: 1, bindings: 500, mappings: { table: 'table', ring: 'ring' } as const }
    for (const { changes: played } of (await simulate(pool, changes)).mappings) {
      expect(played[0]).toMatchObject({ moves: 0, lost: ['web-0'], after: { unplaced: 500, peakToMean: 0 } })
      expect(played[1]).toMatchObject({ needed: 500, unneeded: 0, elsewhere: 500, after: { unplaced: 0 } })
    }
    const empty = await simulate({ ...pool, endpoints: 0 }, [{ kind: 'scale', to: 3 }])
    for (const { placed, changes: played } of empty.mappings) {
      expect(placed).toEqual({ peakToMean: 0, unplaced: 500, endpoints: [] })
      expect(played[0]).toMatchObject({ moves: 0, moved: 0, elsewhere: 0, after: { unplaced: 0 } })
    }
  })
})

describe('the peak', () => {
  it('is the most that an endpoint has of what its weight entitles it to', async () => {
    const pool = {
      endpoints: [
        { identity: 'a', weight: 3 },
        { identity: 'b', weight: 1 },
        { identity: 'c', weight: 0 },
      ],
      bindings: 1_000,
      // All to b, which is entitled to a quarter.
      mappings: { all: () => ({ pick: () => ({ identity: 'b' }) }) },
    }
    const [played] = (await simulate(pool, [])).mappings
    expect(played?.placed).toEqual({
      peakToMean: 4,
      unplaced: 0,
      endpoints: [
        { identity: 'a', weight: 3, bindings: 0 },
        { identity: 'b', weight: 1, bindings: 1_000 },
        { identity: 'c', weight: 0, bindings: 0 },
      ],
    })
  })
})
