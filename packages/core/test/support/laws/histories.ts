import fc from 'fast-check'
import { first } from '../../../src/balance/first.ts'
import { leastBound } from '../../../src/balance/least-bound.ts'
import { leastRequests } from '../../../src/balance/least-requests.ts'
import { random } from '../../../src/balance/random.ts'
import { rendezvous } from '../../../src/balance/rendezvous.ts'
import { roundRobin } from '../../../src/balance/round-robin.ts'
import type { LossAction } from '../../../src/route/loss-policy.ts'
import { POD_STATES, type PodState } from '../pod-states.ts'
import { HOLD_LIMIT } from './replica.ts'
import type { Setup } from './setup.ts'
import { ABSOLUTE, type Happening, IDLE } from './world.ts'

const lossAction: fc.Arbitrary<LossAction> = fc.oneof(
  { weight: 4, arbitrary: fc.constant('rebind' as const) },
  { weight: 1, arbitrary: fc.constant('detour' as const) },
  { weight: 1, arbitrary: fc.constant({ action: 'fail' as const, status: 503 }) },
  {
    weight: 3,
    arbitrary: fc.record({
      action: fc.constant('hold' as const),
      limitMs: fc.constant(HOLD_LIMIT),
      maxWaiting: fc.constantFrom(1, 2, 9),
      otherwise: fc.constantFrom('rebind' as const, 'detour' as const, 'fail' as const),
    }),
  },
)

const passive = fc.record({
  connectFailures: fc.constantFrom(1, 2, 3),
  errors: fc.constantFrom(false as const, 1, 2),
  ejectionMs: fc.constant(2_000),
  maxEjectionMs: fc.constantFrom(2_000, 5_000),
  maxEjectedShare: fc.constantFrom(0, 0.34, 0.5, 1),
})

export const setup: fc.Arbitrary<Setup> = fc
  .record({
    scope: fc.constantFrom('process' as const, undefined),
    counts: fc.boolean(),
    maxEntries: fc.constantFrom(2, 4, 1_000),
    whenFull: fc.constantFrom('evict' as const, 'refuse' as const),
    onLost: fc.oneof(
      fc.constant({}),
      fc.record({
        gone: lossAction,
        'not-ready': lossAction,
        terminated: lossAction,
        drained: lossAction,
        ejected: lossAction,
        unreachable: lossAction,
      }),
    ),
    cap: fc.constantFrom(undefined, 1, 2),
    onCapacity: fc.constantFrom('refuse' as const, 'unstored' as const),
    passive,
    confirmLoss: fc.record({ afterMs: fc.constantFrom(1_000, 3_000), failures: fc.constantFrom(2, 4) }),
    minMoveIntervalMs: fc.constantFrom(0, 1_000),
    hasChecks: fc.boolean(),
    rise: fc.constantFrom(1, 2),
    fall: fc.constantFrom(1, 2),
    hasSlowStart: fc.boolean(),
    drainDeadlineMs: fc.constantFrom(Number.POSITIVE_INFINITY, 3_000),
    placement: fc.constantFrom(rendezvous, random, roundRobin, leastRequests, leastBound, first),
    seed: fc.nat(),
  })
  // A cap holds only where one replica counts.
  .map(({ cap, counts, ...rest }) => ({
    ...rest,
    counts: counts || cap !== undefined,
    cap: rest.scope === 'process' ? cap : undefined,
  }))

const replica = fc.nat(1)
const pod = fc.integer({ min: 1, max: 4 })
const way = fc.nat(12)
const podState = fc.oneof(
  { weight: 3, arbitrary: fc.constant<PodState>('ready') },
  { weight: 1, arbitrary: fc.constant('restarted' as const) },
  { weight: 3, arbitrary: fc.constantFrom(...(Object.keys(POD_STATES) as PodState[])) },
)
const ms = fc.oneof(
  { weight: 3, arbitrary: fc.nat(1_100) },
  { weight: 2, arbitrary: fc.constantFrom(1_000, 1_500, 2_000, 3_000) },
  { weight: 1, arbitrary: fc.constantFrom(IDLE - 1, IDLE, IDLE + 1, ABSOLUTE / 2) },
)

function happens<What extends string, Rest>(
  what: What,
  rest: { [Name in keyof Rest]: fc.Arbitrary<Rest[Name]> },
): fc.Arbitrary<Rest & { what: What }> {
  return fc.record({ what: fc.constant(what), ...rest }) as fc.Arbitrary<Rest & { what: What }>
}

const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 3,
    arbitrary: happens('pod', {
      replicas: fc.oneof(fc.constant([0, 1]), fc.constant([0, 1]), fc.tuple(replica)),
      pod,
      state: podState,
    }),
  },
  {
    weight: 8,
    arbitrary: happens('request', {
      replica,
      key: fc.option(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { nil: undefined, freq: 9 }),
      lease: fc.oneof(fc.constant(true), fc.constant(true), fc.boolean()),
    }),
  },
  { weight: 5, arbitrary: happens('connect-failure', { way }) },
  {
    weight: 3,
    arbitrary: happens('answer', {
      way,
      status: fc.constantFrom(200, 500),
      servedBy: fc.option(pod, { nil: undefined, freq: 2 }),
    }),
  },
  { weight: 1, arbitrary: happens('break', { way }) },
  { weight: 2, arbitrary: happens('done', { way }) },
  { weight: 1, arbitrary: happens('abort', { way }) },
  {
    weight: 1,
    arbitrary: happens('drain', {
      replica,
      pod,
      deadlineMs: fc.constantFrom(undefined, 0, 100, 1_000, 9_000),
    }),
  },
  { weight: 1, arbitrary: happens('undrain', { replica, pod }) },
  { weight: 1, arbitrary: happens('weight', { replica, pod, weight: fc.constantFrom(undefined, 0, 1, 5) }) },
  { weight: 2, arbitrary: happens('check', { replica, pod, isHealthy: fc.boolean() }) },
  { weight: 5, arbitrary: happens('time', { ms }) },
)

/** Every history starts with some pods, so that most of it is about keys. */
const START: readonly Happening[] = [1, 2, 3].map((number) => ({
  what: 'pod',
  replicas: [0, 1],
  pod: number,
  state: 'ready',
}))

export const history: fc.Arbitrary<Happening[]> = fc
  .array(happening, { minLength: 1, maxLength: 60, size: 'max' })
  .map((happenings) => [...START, ...happenings])
