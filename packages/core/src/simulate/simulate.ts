import type { Change } from './change.ts'
import { Owners } from './owners.ts'
import { Pace } from './pace.ts'
import type { PlannedChange } from './plan.ts'
import { Replay } from './replay.ts'
import { checkedSimulation, type SimulatedPool, type SimulateOptions } from './simulate-options.ts'
import type { ChangeOutcome, MappingOutcome, Simulation } from './simulation.ts'
import { syntheticKeys } from './synthetic-keys.ts'

/**
 * Plays changes of a pool on synthetic bindings, and counts which move: what operators want to know before they scale, restart or
 * choose a mapping. Nothing of it touches a real pool. Work goes in slices, so that a gateway can do it beside its requests; 10 million
 * bindings take 45 MB.
 *
 * @throws StickyError `invalid-option` naming the option; `duplicate-identity`; `handler-failed` if a function of `mappings` throws
 * @public
 */
export async function simulate(
  pool: SimulatedPool,
  changes: Iterable<Change>,
  options: SimulateOptions = {},
): Promise<Simulation> {
  const checked = checkedSimulation('simulate', pool, changes, options)
  const { bindings, keys, seed, mappings, plan } = checked
  const { signal, onProgress } = options
  const owners = new Owners(bindings, plan.identities.length)
  const pace = new Pace({ ...checked, signal })
  const total = mappings.length * (plan.stepCount + 1) * bindings
  let done = 0
  const outcomes: MappingOutcome[] = []
  for (const mapping of mappings) {
    const { name } = mapping
    let change: number | undefined
    let step = 0
    const tell = (ofStep: number) => onProgress?.({ done: done + ofStep, total, mapping: name, change, step })
    const replay = new Replay(mapping, {
      bindings,
      owners,
      keyOf: syntheticKeys(keys, seed),
      pace,
      identities: plan.identities,
      tell,
    })
    await replay.step(plan.start)
    done += bindings
    const placed = replay.spread()
    const played: ChangeOutcome[] = []
    for (const [index, planned] of plan.changes.entries()) {
      change = index
      step = 0
      const before = played.at(-1)?.after ?? placed
      owners.beginChange()
      const steps = []
      for (const next of planned.steps) {
        steps.push(await replay.step(next))
        done += bindings
        step++
      }
      played.push(changeOutcome(planned, steps, owners, before, replay.spread()))
    }
    outcomes.push(Object.freeze({ mapping: name, placed, changes: Object.freeze(played) }))
  }
  return Object.freeze({ bindings, mappings: Object.freeze(outcomes) })
}

function changeOutcome(
  { change }: PlannedChange,
  steps: ChangeOutcome['steps'],
  { moved, elsewhere }: Owners,
  before: ChangeOutcome['before'],
  after: ChangeOutcome['after'],
): ChangeOutcome {
  let needed = 0
  let unneeded = 0
  for (const step of steps) {
    needed += step.needed
    unneeded += step.unneeded
  }
  const left = new Set(after.endpoints.map(({ identity }) => identity))
  const lost = before.endpoints.map(({ identity }) => identity).filter((identity) => !left.has(identity))
  return Object.freeze({
    change,
    moves: needed + unneeded,
    needed,
    unneeded,
    moved,
    elsewhere,
    lost: Object.freeze(lost),
    steps: Object.freeze(steps),
    before,
    after,
  })
}
