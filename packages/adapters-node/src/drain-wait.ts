import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Clock, type DrainOutcome, type Sticky, StickyError, systemClock } from '@limpet/core'
import {
  contractOption,
  durationOption,
  functionOption,
  integerOption,
  optionsObject,
} from '@limpet/core/adapter-kit'
import { readDrainRequest } from './drain-request.ts'
import { answerJson } from './error-answer.ts'
import { SharedDrains } from './shared-drains.ts'
import { STATUS_OF_CODE } from './status.ts'

/** The longest that timers take. */
const MAX_DEADLINE_MS = 2 ** 31 - 1

/** What `drainWait` needs of a pool. @public */
export type Drainable = Pick<Sticky, 'drain'>

/** Options of `drainWait()`. @public */
export interface DrainWaitOptions {
  /**
   * The longest wait until 202 is answered, in milliseconds; the drain goes on. 0 answers as soon as the drain has begun.
   * Below the pod's `terminationGracePeriodSeconds`, which counts its `preStop` hook in. Default 25 000.
   */
  readonly maxWaitMs?: number
  /**
   * The deadline of the drain where the request names none, and the longest that it may name, in milliseconds; who asks
   * again without naming one does not put it off. Default: the pool's own, and any.
   */
  readonly deadlineMs?: number
  /** Requests that may wait at once, 1 to 65 535; another one is answered 503 `queue-full`. Default 1 000. */
  readonly maxWaiting?: number
  /** Where the identity stands in the request. Default: the query's `identity`, else the last segment of the path. */
  readonly identity?: (request: IncomingMessage) => string | undefined
  /** How many keys are still bound to the endpoint, for the answers of those that wait no longer. Default: not told. */
  readonly bound?: (identity: string) => number | undefined
  /** Default: the clock of this process. */
  readonly clock?: Clock
}

const NAMES = [
  'maxWaitMs',
  'deadlineMs',
  'maxWaiting',
  'identity',
  'bound',
  'clock',
] as const satisfies readonly (keyof DrainWaitOptions)[]

/** A listener of `request` of a `node:http` server, and a handler of Express. Never throws; answers every request. @public */
export type DrainWaitHandler = (request: IncomingMessage, response: ServerResponse) => void

/**
 * Answers when an endpoint is drained: what a pod's `preStop` hook waits for. `GET` or `POST` with the endpoint's identity
 * starts its drain, or joins it. Whoever reaches this can drain any endpoint: it belongs on an internal port.
 *
 * | status | `code` | |
 * | --- | --- | --- |
 * | 200 | `drained`, `deadline`, `gone` | it is over, after `waitedMs`; with `cut` keys still bound |
 * | 202 | `draining` | not yet; with `bound` keys left if that is known |
 * | 400, 404, 405 | `invalid-option`, `unknown-identity`, `method-not-allowed` | the request is wrong |
 * | 409 | `undrained` | the drain was taken back |
 * | 503 | `queue-full`, `closed` | too many wait, or the pool is closed |
 *
 * @throws StickyError `invalid-option`
 * @public
 */
export function drainWait(pool: Drainable, options: DrainWaitOptions = {}): DrainWaitHandler {
  contractOption('drainWait.pool', pool, 'pool such as createSticky() makes', ['drain'])
  const checked = checkOptions(options)
  const shared = new SharedDrains()
  const { deadlineMs: commonMs } = checked
  const outcome = (identity: string, ownMs: number | undefined, signal: AbortSignal) =>
    ownMs !== undefined || commonMs === undefined
      ? drained(pool, identity, ownMs, signal)
      : shared.join(identity, () => drained(pool, identity, commonMs, undefined), signal)
  let waiting = 0
  return (request, response) => {
    const answer = ({ status, body }: Answer) => answerJson(request, response, status, JSON.stringify(body))
    const asked = understood(request, checked)
    if (asked.kind === 'bad') return answer(failure(asked.status, asked.code, asked.message))
    if (waiting >= checked.maxWaiting) {
      return answer(failure(503, 'queue-full', `${waiting} requests wait already: see drainWait.maxWaiting`))
    }
    waiting++
    const { identity, deadlineMs } = asked
    const abort = new AbortController()
    let isOver = false
    const end = (given: Answer | undefined) => {
      if (isOver) return
      isOver = true
      waiting--
      cancel()
      response.off('close', leave)
      // Ends this wait alone; a drain that is over takes no notice.
      abort.abort()
      if (given) answer(given)
    }
    const leave = () => end(undefined)
    const cancel = checked.clock.after(checked.maxWaitMs, () => end(stillDraining(identity, checked.bound)))
    response.once('close', leave)
    if (response.destroyed) return leave()
    outcome(identity, deadlineMs, abort.signal).then(
      (how) => end(outcomeAnswer(identity, how)),
      (error: unknown) => end(errorAnswer(error)),
    )
  }
}

interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, string | number>>
}

function checkOptions(options: DrainWaitOptions) {
  optionsObject('drainWait', options, NAMES)
  const { maxWaitMs = 25_000, deadlineMs, maxWaiting = 1_000, identity, bound, clock = systemClock } = options
  return {
    maxWaitMs: durationOption('drainWait.maxWaitMs', maxWaitMs, 0, 'finite'),
    deadlineMs:
      deadlineMs === undefined ? undefined : durationOption('drainWait.deadlineMs', deadlineMs, 0, 'finite'),
    maxWaiting: integerOption('drainWait.maxWaiting', maxWaiting, 1, 65_535),
    identity: identity && functionOption('drainWait.identity', identity),
    bound: bound && functionOption('drainWait.bound', bound),
    clock: contractOption('drainWait.clock', clock, 'Clock', ['now', 'after']),
  }
}

/** The request as {@link readDrainRequest} reads it, also if the user's function throws. */
function understood(
  request: IncomingMessage,
  { identity, deadlineMs = MAX_DEADLINE_MS }: ReturnType<typeof checkOptions>,
): ReturnType<typeof readDrainRequest> {
  try {
    return readDrainRequest(request, identity, deadlineMs)
  } catch {
    return { kind: 'bad', status: 400, code: 'invalid-option', message: 'identity: cannot be read' }
  }
}

/** A drain that throws has failed like one that rejects. */
async function drained(
  pool: Drainable,
  identity: string,
  deadlineMs: number | undefined,
  signal: AbortSignal | undefined,
): Promise<DrainOutcome> {
  return pool.drain(identity, {
    ...(deadlineMs !== undefined && { deadlineMs }),
    ...(signal && { signal }),
  })
}

function outcomeAnswer(identity: string, outcome: DrainOutcome): Answer {
  switch (outcome.kind) {
    case 'drained':
      return { status: 200, body: { code: 'drained', identity, waitedMs: outcome.waitedMs } }
    case 'deadline':
    case 'gone':
      return {
        status: 200,
        body: { code: outcome.kind, identity, ...known('cut', outcome.cut), waitedMs: outcome.waitedMs },
      }
    case 'undrained':
      return failure(409, 'undrained', `the drain of ${identity} was taken back`)
  }
}

function stillDraining(identity: string, boundTo: DrainWaitOptions['bound']): Answer {
  let bound: number | undefined
  try {
    bound = boundTo?.(identity)
  } catch {
    // How many are left is told where it can be; it must not keep the answer back.
  }
  return { status: 202, body: { code: 'draining', identity, ...known('bound', bound) } }
}

/** A number that not every table knows. */
function known(name: string, value: number | undefined): Readonly<Record<string, number>> {
  return value === undefined ? {} : { [name]: value }
}

function errorAnswer(error: unknown): Answer {
  if (!(error instanceof StickyError)) return failure(503, 'closed', 'the drain failed')
  const status = error.code === 'unknown-identity' ? 404 : (STATUS_OF_CODE[error.code] ?? 500)
  return failure(status, error.code, error.message)
}

function failure(status: number, code: string, message: string): Answer {
  return { status, body: { code, message } }
}
