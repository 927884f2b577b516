import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FAULTS } from './cases/index.ts'
import { KINDS, type Kind } from './client.ts'
import type { Fault } from './fault.ts'
import { measure, type SharedPods } from './measure.ts'
import type { Outcome, Outcomes } from './outcome.ts'
import { PodProcess } from './pod-process.ts'
import { withTables } from './table.ts'

const PAGE = new URL('../../../../docs/guide/faults.md', import.meta.url)
/** Set by `pnpm docs:faults`: the page is written instead of compared. */
const WRITES_PAGE = process.env.WRITE_FAULTS_PAGE === '1'

const measured = new Map<Fault, Outcomes>()

describe.concurrent('forward() in front of a pod that', () => {
  let pods: SharedPods
  beforeAll(() => {
    pods = { faulty: new PodProcess(), next: new PodProcess() }
  })
  afterAll(async () => {
    await pods.faulty.kill()
    await pods.next.kill()
  })

  for (const fault of FAULTS.flatMap(({ faults }) => faults)) {
    it(`${fault.name}: each kind of request ends as stated`, { timeout: 60_000 }, async () => {
      const kinds = KINDS.filter((kind) => fault.outcomes[kind])
      const entries = await Promise.all(
        kinds.map(async (kind) => [kind, await outcomeOf(fault, kind, pods)] as const),
      )
      const outcomes = Object.fromEntries(entries)
      expect(outcomes).toEqual(Object.fromEntries(kinds.map((kind) => [kind, fault.outcomes[kind]])))
      measured.set(fault, outcomes)
    })
  }
})

async function outcomeOf(fault: Fault, kind: Kind, pods: SharedPods): Promise<Outcome> {
  const { outcome, bodyBytes } = await measure(fault, kind, pods)
  if (kind === 'post' || kind === 'stream') {
    expect(outcome.read[0] + outcome.read[1], `${kind} was read twice`).toBeLessThan(2)
    expect(
      bodyBytes.filter((bytes) => bytes),
      `the body of ${kind} came to both pods`,
    ).not.toHaveLength(2)
  }
  return outcome
}

describe('the page of the docs', () => {
  it('has the tables that were measured; `pnpm docs:faults` writes them', () => {
    expect(measured.size, 'every fault was measured').toBe(FAULTS.flatMap(({ faults }) => faults).length)
    const page = readFileSync(PAGE, 'utf8')
    const expected = withTables(page, FAULTS, measured)
    if (WRITES_PAGE) writeFileSync(PAGE, expected)
    else expect(page).toBe(expected)
  })
})
