import fc from 'fast-check'
import { describe, it } from 'vitest'
import { leastRequests } from '../src/balance/least-requests.ts'
import { random } from '../src/balance/random.ts'
import { rendezvous } from '../src/balance/rendezvous.ts'
import { roundRobin } from '../src/balance/round-robin.ts'
import { POD_STATES, type PodState } from './support/pod-states.ts'
import { ABSOLUTE, type Happening, IDLE, REPLICAS } from './support/sticky-happening.ts'
import { StickyModel } from './support/sticky-model.ts'

const PODS = 5

const replica = fc.nat(REPLICAS - 1)
const lease = fc.nat(20)
const podNumber = fc.integer({ min: 1, max: PODS })
const key = fc.option(fc.constantFrom('a', 'b', 'c', 'd'), { nil: undefined, freq: 8 })
const podState = fc.oneof(
  { weight: 3, arbitrary: fc.constant<PodState>('ready') },
  { weight: 2, arbitrary: fc.constantFrom(...(Object.keys(POD_STATES) as PodState[])) },
)
const ms = fc.oneof(
  fc.nat(IDLE / 4),
  fc.integer({ min: IDLE - 2, max: IDLE + 2 }),
  fc.constantFrom(3 * IDLE, ABSOLUTE),
)

const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      what: fc.constant('pod' as const),
      // Mostly both replicas hear of a change at once; sometimes only one has heard so far.
      replicas: fc.oneof(fc.constant([0, 1]), fc.constant([0, 1]), fc.tuple(replica)),
      pod: podNumber,
      state: podState,
    }),
  },
  { weight: 6, arbitrary: fc.record({ what: fc.constant('request' as const), replica, key }) },
  { weight: 4, arbitrary: fc.record({ what: fc.constant('connect-failure' as const), lease }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('answer' as const), lease, servedBy: podNumber }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('done' as const), lease }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('time' as const), ms }) },
)

/** Every history starts with some pods, so that most of it is about keys. */
const START: readonly Happening[] = [1, 2, 3].map((pod) => ({
  what: 'pod',
  replicas: [0, 1],
  pod,
  state: 'ready',
}))

const history = fc.array(happening, { minLength: 1, maxLength: 60, size: 'max' })

/**
 * The laws are in the model: a bound key goes to its endpoint while that one is usable, whatever else happens; a lost one
 * moves once, and all follow; an endpoint that drains or has no weight gets no new key; a request tries no endpoint
 * twice; requests in flight add up; both timeouts hold, and an open stream outlives the idle one.
 */
describe.each([
  ['rendezvous', rendezvous],
  ['random', random],
  ['round robin', roundRobin],
  ['least requests', leastRequests],
] as const)('whatever happens to pods, keys, connections and time, placed by %s', (_name, placement) => {
  it.each(['rebind', 'fail'] as const)('two replicas keep every law of the model (onLost: %s)', (onLost) => {
    fc.assert(
      fc.property(history, fc.nat(), (happenings, seed) => {
        const model = new StickyModel({ onLost, placement, seed })
        for (const event of [...START, ...happenings]) model.happen(event)
        model.finish()
      }),
      { numRuns: 150 },
    )
  })
})
