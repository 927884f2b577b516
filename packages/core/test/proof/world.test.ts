import { afterAll, describe, expect, it } from 'vitest'
import { describeWith } from '../support/real-program.ts'
import { complaint, summary } from './world/report.ts'
import { type ProvenTable, round } from './world/rounds.ts'

const SEED = Number(process.env.PROOF_SEED ?? 1)
const ROUND_MS = 5_000
/** With the start of all processes, on a machine that has much else to do. */
const TIMEOUT = 60_000

const lines: string[] = []
afterAll(() => console.log(lines.join('\n')))

/** What everyone relies on, in short: `pnpm proof` runs the same for as long as is wanted. */
async function holds(table: ProvenTable, seed: number): Promise<void> {
  const lived = await round(table, seed, ROUND_MS)
  lines.push(summary(table, lived))
  expect(lived.violations.length, complaint(lived)).toBe(0)
  const kinds = new Set(lived.history.map((event) => (event.what === 'route' ? event.kind : undefined)))
  // A world in which nothing happens proves nothing.
  for (const kind of ['bound', 'stuck', 'moved'] as const) expect(kinds).toContain(kind)
  expect(lived.history.some((event) => event.what === 'fault' && event.phase === 'end')).toBe(true)
  expect(lived.requests).toBeGreaterThan(1_000)
}

describe('four gateways keep the laws through deaths of endpoints and faults of the table', () => {
  it('on the table server of the tests', { timeout: TIMEOUT }, () => holds('shared', SEED))
})

describeWith('redis-server', 'four gateways keep the laws on a real Redis', () => {
  // Two of the eight faults in each: a plan begins with another one for each seed.
  it.each([
    ['ioredis', SEED],
    ['near-node-redis', SEED + 3],
  ] as const)('over %s', { timeout: TIMEOUT }, holds)
})
