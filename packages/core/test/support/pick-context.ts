import type { PickContext } from '../../src/balance/balancer.ts'
import { fakeRandom } from '../../src/testing/fake-random.ts'

/** What a balancer is told of a request: requests in flight and bound keys by endpoint, and which ones to skip. */
export function pickContext(
  given: {
    readonly key?: string
    readonly skip?: readonly string[]
    readonly load?: Readonly<Record<string, number>>
    readonly keys?: Readonly<Record<string, number>>
    readonly random?: () => number
    /** Called when a bound on load sends the key elsewhere. */
    readonly overflows?: () => void
  } = {},
): PickContext {
  const { skip = [], load = {}, keys = {}, random = fakeRandom(1) } = given
  return {
    key: given.key,
    skips: ({ identity }) => skip.includes(identity),
    inFlight: ({ identity }) => load[identity] ?? 0,
    totalInFlight: () => Object.values(load).reduce((sum, requests) => sum + requests, 0),
    bound: ({ identity }) => keys[identity] ?? 0,
    overflows: given.overflows ?? (() => undefined),
    random,
  }
}
