import { describe, expect, it } from 'vitest'
import { describeWith } from '../support/real-program.ts'
import type { Law } from './check/violation.ts'
import { type PlantedPlace, type PlantedTable, plantedRound } from './world/rounds.ts'

const SEED = Number(process.env.PROOF_SEED ?? 1)
const ROUND_MS = 2_500
/** A race that a seed does not meet on a busy machine, the next one does. */
const MOST_SEEDS = 6

function plantedOn(place: PlantedPlace): void {
  it.each<[PlantedTable, Law]>([
    ['planted-claim', 'one-winner'],
    ['planted-move', 'one-new-home'],
    ['planted-cache', 'divergence'],
  ])('%s: %s', { timeout: 120_000 }, async (table, law) => {
    const found = new Set<Law>()
    for (let seed = SEED; seed < SEED + MOST_SEEDS && !found.has(law); seed++) {
      const { violations } = await plantedRound(table, place, seed, ROUND_MS)
      for (const violation of violations) found.add(violation.law)
    }
    expect([...found]).toContain(law)
  })
}

describe("the checker catches, on the tests' own server,", () => plantedOn('shared'))
describeWith('redis-server', 'the checker catches, on a real Redis,', () => plantedOn('redis'))
