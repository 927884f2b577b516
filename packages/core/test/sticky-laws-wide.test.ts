import fc from 'fast-check'
import { it } from 'vitest'
import { history, setup } from './support/laws/histories.ts'
import { World } from './support/laws/world.ts'

it('pools keep every law whatever happens to health, drains, caps, policies and tables', {
  timeout: 60_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(setup, history, (given, happenings) => new World(given).live(happenings)),
    { numRuns: Number(process.env.RUNS ?? 600) },
  )
})
