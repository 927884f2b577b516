import { invalidOption } from '../option.ts'
import type {
  Change,
  RestartChange,
  RollingUpdateChange,
  ScaleChange,
  SimulatedEndpointInit,
} from './change.ts'
import { Fleet, type Step, type Workload } from './fleet.ts'
import type { PodNames } from './pod-names.ts'

/** Most steps of all changes. */
const MOST_STEPS = 100_000

/** What happens, step by step, with nobody there before the first. */
export interface Plan {
  /** The endpoints that are there before the first change. */
  readonly start: Step
  readonly changes: readonly PlannedChange[]
  /** By number, of all endpoints that ever are. */
  readonly identities: readonly string[]
  /** Of all changes. */
  readonly stepCount: number
}

/** A change and the steps that it consists of. */
export interface PlannedChange {
  readonly change: Change
  readonly steps: readonly Step[]
}

/** What is planned from: options that were checked. */
export interface PlanOptions {
  readonly endpoints: number | readonly SimulatedEndpointInit[]
  readonly workload: Workload
  readonly names: PodNames
}

/** Works out the steps of changes. @throws StickyError `invalid-option`, `duplicate-identity`, each naming the change */
export function planOf(
  path: string,
  { endpoints, workload, names }: PlanOptions,
  changes: readonly Change[],
): Plan {
  const fleet = new Fleet(names)
  const start =
    typeof endpoints === 'number'
      ? scaled(fleet, `${path}.endpoints`, workload, names, { kind: 'scale', to: endpoints })
      : stepOf({ come: endpoints.map((init, index) => fleet.come(`${path}.endpoints[${index}]`, init)) })
  let stepCount = 0
  const planned = changes.map((change, index) => {
    const at = `${path}.changes[${index}]`
    const steps: Step[] = []
    for (const step of stepsOf(fleet, at, workload, names, change)) {
      if (++stepCount > MOST_STEPS)
        throw invalidOption(at, `at most ${MOST_STEPS} steps over all changes`, 'more')
      steps.push(step)
    }
    return { change, steps }
  })
  return { start, changes: planned, identities: fleet.identities, stepCount }
}

function* stepsOf(
  fleet: Fleet,
  path: string,
  workload: Workload,
  names: PodNames,
  change: Change,
): IterableIterator<Step> {
  switch (change.kind) {
    case 'scale':
      yield scaled(fleet, path, workload, names, change)
      return
    case 'add':
      yield stepOf({
        come: change.endpoints.map((init, index) => fleet.come(`${path}.endpoints[${index}]`, init)),
      })
      return
    case 'remove': {
      const gone = numbersOf(fleet, `${path}.endpoints`, change.endpoints)
      for (const number of gone) fleet.go(number)
      yield stepOf({ gone })
      return
    }
    case 'weight': {
      const number = fleet.numberOf(`${path}.endpoint`, change.endpoint)
      const isSame = fleet.weightOf(number) === change.weight
      yield stepOf({ reweighted: isSame ? [] : [fleet.reweigh(number, change.weight)] })
      return
    }
    case 'restart':
      yield* restarted(fleet, path, workload, change)
      return
    case 'rolling-update':
      if (workload !== 'Deployment') {
        throw invalidOption(`${path}.kind`, "'restart', which is a StatefulSet's rolling update", change.kind)
      }
      yield* rollingUpdate(fleet, path, change)
  }
}

function scaled(fleet: Fleet, path: string, workload: Workload, names: PodNames, change: ScaleChange): Step {
  const { present } = fleet
  const weights = new Set(present.map((number) => fleet.weightOf(number)))
  const [shared = 1] = weights
  const weight = change.weight ?? (weights.size === 1 ? shared : 1)
  const come = []
  while (fleet.size < change.to) come.push(fleet.comeNew(path, workload, weight))
  const left = [...present]
  const gone: number[] = []
  while (fleet.size > change.to) {
    const index = workload === 'Deployment' ? names.below(left.length) : left.length - 1
    const [number] = left.splice(index, 1) as [number]
    fleet.go(number)
    gone.push(number)
  }
  return stepOf({ gone, come })
}

function* restarted(
  fleet: Fleet,
  path: string,
  workload: Workload,
  { endpoints, atOnce = 1 }: RestartChange,
): IterableIterator<Step> {
  const all = endpoints ? numbersOf(fleet, `${path}.endpoints`, endpoints) : fleet.present
  const order = workload === 'StatefulSet' && !endpoints ? all.toReversed() : all
  for (let from = 0; from < order.length; from += atOnce) {
    const gone = order.slice(from, from + atOnce)
    const were = gone.map((number) => fleet.go(number))
    yield stepOf({ gone })
    const come = were.map((endpoint, index) =>
      workload === 'StatefulSet'
        ? fleet.comeBack(gone[index] as number, endpoint)
        : fleet.comeNew(path, workload, endpoint.weight),
    )
    yield stepOf({ come })
  }
}

/** First as many new pods as there may be, then as many old ones go as may, and so on: as the Deployment controller does. */
function* rollingUpdate(
  fleet: Fleet,
  path: string,
  { maxSurge = 1, maxUnavailable = 0 }: RollingUpdateChange,
): IterableIterator<Step> {
  const old = [...fleet.present]
  const weights = old.map((number) => fleet.weightOf(number))
  const wanted = old.length
  let isNew = 0
  while (isNew < wanted || old.length > 0) {
    const come = []
    while (isNew < wanted && fleet.size < wanted + maxSurge) {
      come.push(fleet.comeNew(path, 'Deployment', weights[isNew++] as number))
    }
    if (come.length > 0) yield stepOf({ come })
    const gone: number[] = []
    while (old.length > 0 && fleet.size > wanted - maxUnavailable) {
      const number = old.shift() as number
      fleet.go(number)
      gone.push(number)
    }
    if (gone.length > 0) yield stepOf({ gone })
  }
}

function numbersOf(fleet: Fleet, path: string, identities: readonly string[]): readonly number[] {
  return identities.map((identity, index) => fleet.numberOf(`${path}[${index}]`, identity))
}

function stepOf({ gone = [], come = [], reweighted = [] }: Partial<Step>): Step {
  return { gone, come, reweighted }
}
