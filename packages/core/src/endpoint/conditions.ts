import type { Conditions } from './endpoint.ts'

/** All there are, so that thousands of endpoints share eight objects, which are compared by identity. */
const CONDITIONS: readonly Conditions[] = [0, 1, 2, 3, 4, 5, 6, 7].map((bits) =>
  Object.freeze({ ready: (bits & 1) > 0, serving: (bits & 2) > 0, terminating: (bits & 4) > 0 }),
)

/** The conditions as one of a few shared objects. */
export function conditionsOf(ready: boolean, serving: boolean, terminating: boolean): Conditions {
  return CONDITIONS[(ready ? 1 : 0) | (serving ? 2 : 0) | (terminating ? 4 : 0)] as Conditions
}
