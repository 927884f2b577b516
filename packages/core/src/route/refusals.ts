import type { Arrival } from '../discovery/endpoint-watch.ts'
import type { WaitEnd } from './bounded-waits.ts'
import type { RefusalReason } from './route.ts'

/** What a request is refused with whose wait for discovery's first snapshot found none. */
export const WHY_NO_SNAPSHOT: {
  readonly [A in Exclude<Arrival, 'known'>]: readonly [RefusalReason, string]
} = {
  timeout: ['hold-timeout', 'discovery has no endpoints yet (option "createSticky.startTimeoutMs")'],
  'queue-full': ['queue-full', 'too many requests wait for discovery (option "createSticky.maxWaiting")'],
  aborted: ['hold-timeout', 'the request was aborted while it waited for discovery'],
  failed: ['no-endpoints', 'discovery gave up before it found any endpoint'],
  closed: ['closed', 'the pool was closed'],
}

/** What a request is refused with whose wait for a lost endpoint was not to be. */
export const WHY_HOLD_ENDED: {
  readonly [End in Exclude<WaitEnd, 'woken' | 'timeout'>]: readonly [RefusalReason, string]
} = {
  'queue-full': [
    'queue-full',
    'too many requests wait for a lost endpoint (option "createSticky.onLost.maxWaiting")',
  ],
  aborted: ['hold-timeout', 'the request was aborted while it waited for its endpoint'],
  closed: ['closed', 'the pool was closed'],
}

/** Why no endpoint is left for a request of which so many connections have failed. */
export function whyNobody(failures: number, maxTries: number): string {
  if (failures === 0) return 'no endpoint takes new keys'
  return failures < maxTries
    ? 'no endpoint could be connected'
    : `${maxTries} endpoints could not be connected (option "createSticky.maxTries")`
}

export const AT_CAPACITY: readonly [RefusalReason, string] = [
  'at-capacity',
  'every endpoint holds as many keys as it may (option "createSticky.maxBoundPerEndpoint")',
]
