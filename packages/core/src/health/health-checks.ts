import type { Clock } from '../clock.ts'
import type { Endpoint, Identity } from '../endpoint/endpoint.ts'
import { type EndpointSet, isSameAddress } from '../endpoint/endpoint-set.ts'
import { StickyError } from '../error.ts'
import type { HealthCheck } from './health-check.ts'
import { Score, type Verdict } from './score.ts'
import { TurnQueue } from './turn-queue.ts'

/**
 * First checks of endpoints that come together are spread over 10 ms for each of them, at most one interval: verdicts on a
 * small pool are there at once, and a pool of thousands is not asked in one burst.
 */
const FIRST_CHECK_SPREAD_MS = 10

/** What {@link HealthChecks} need besides the check. */
export interface HealthChecksOptions {
  readonly clock: Clock
  /** Numbers in [0, 1). */
  readonly random: () => number
  /** Told of each change of a verdict, never within `update`; `reason` is what the last failed check rejected with. */
  readonly changed: (identity: Identity, verdict: 'passing' | 'failing', reason?: unknown) => void
}

/** An endpoint under check. */
interface Subject {
  /** The newest snapshot's; its address is the same as long as the subject lives. */
  endpoint: Endpoint
  readonly score: Score
  /** Ends what it does now: waits for its time, waits for its turn, or is asked. */
  stop: () => void
  isForgotten: boolean
}

type Result = { readonly isHealthy: true } | { readonly isHealthy: false; readonly reason: unknown }

/**
 * Asks every endpoint of a pool, over and over, and keeps the score. Knows no socket: `check` does.
 *
 * An endpoint waits for its time, then for its turn among `maxConcurrent`, is asked, and waits again: so it is never asked
 * twice at once, and nothing that happens for one check depends on how many endpoints there are. A probe is over with its
 * result, its timeout or the end of its endpoint, whichever comes first; one that does not heed its signal holds no turn.
 */
export class HealthChecks {
  readonly #check: HealthCheck
  readonly #options: HealthChecksOptions
  readonly #subjects = new Map<Identity, Subject>()
  readonly #turns = new TurnQueue<Subject>()
  #underWay = 0
  #isClosed = false

  constructor(check: HealthCheck, options: HealthChecksOptions) {
    this.#check = check
    this.#options = options
  }

  /**
   * Tells which endpoints there are. Survivors keep their score, also while they terminate; one with another address starts
   * anew; one that is gone is no longer asked and is forgotten.
   */
  update(set: EndpointSet): void {
    if (this.#isClosed) return
    const gone: Subject[] = []
    for (const [identity, subject] of this.#subjects) {
      const endpoint = set.get(identity)
      if (endpoint && isSameAddress(endpoint, subject.endpoint)) subject.endpoint = endpoint
      else gone.push(this.#forget(identity, subject))
    }
    // After all are forgotten: what stops frees a turn, which must not go to one that is about to be forgotten.
    for (const { stop } of gone) stop()
    const fresh = set.endpoints.filter(({ identity }) => !this.#subjects.has(identity))
    const { intervalMs } = this.#check.schedule
    const spreadMs = Math.min(intervalMs, (fresh.length - 1) * FIRST_CHECK_SPREAD_MS)
    for (const endpoint of fresh) {
      const subject: Subject = { endpoint, score: new Score(), stop: nothing, isForgotten: false }
      this.#subjects.set(endpoint.identity, subject)
      this.#wait(subject, spreadMs * this.#options.random())
    }
  }

  /** What the checks say; `unknown` also for an endpoint that is not there. */
  verdict(identity: Identity): Verdict {
    return this.#subjects.get(identity)?.score.verdict ?? 'unknown'
  }

  /** Ends every check under way and every wait, and forgets all verdicts. Idempotent; `update` does nothing afterwards. */
  close(): void {
    this.#isClosed = true
    this.#turns.clear()
    for (const [identity, subject] of this.#subjects) this.#forget(identity, subject).stop()
  }

  /** What it does now is for the caller to stop. */
  #forget(identity: Identity, subject: Subject): Subject {
    this.#subjects.delete(identity)
    subject.isForgotten = true
    return subject
  }

  #wait(subject: Subject, delayMs: number): void {
    subject.stop = this.#options.clock.after(delayMs, () => {
      subject.stop = nothing
      this.#turns.add(subject)
      this.#startNext()
    })
  }

  #startNext(): void {
    while (this.#underWay < this.#check.schedule.maxConcurrent) {
      const subject = this.#turns.take()
      if (!subject) return
      // Its turn came after its end: cheaper than searching the queue when it ended.
      if (!subject.isForgotten) this.#ask(subject)
    }
  }

  #ask(subject: Subject): void {
    const { clock } = this.#options
    const { schedule, name } = this.#check
    const { endpoint } = subject
    const abort = new AbortController()
    let isOver = false
    const end = (result: Result | undefined) => {
      if (isOver) return
      isOver = true
      cancelTimeout()
      subject.stop = nothing
      this.#underWay--
      this.#startNext()
      if (result) this.#count(subject, result)
    }
    this.#underWay++
    subject.stop = () => {
      abort.abort()
      end(undefined)
    }
    const cancelTimeout = clock.after(schedule.timeoutMs, () => {
      const message = `${name} of ${endpoint.identity}: expected an answer within ${schedule.timeoutMs} ms, got none`
      abort.abort()
      end({ isHealthy: false, reason: new StickyError('check-failed', message) })
    })
    probe(this.#check, endpoint, abort.signal).then(
      () => end({ isHealthy: true }),
      (reason: unknown) => end({ isHealthy: false, reason }),
    )
  }

  #count(subject: Subject, result: Result): void {
    const { schedule } = this.#check
    const { random, changed } = this.#options
    // Before anyone is told, who may throw or end this endpoint.
    this.#wait(subject, schedule.intervalMs * (1 + schedule.jitter * (2 * random() - 1)))
    if (!subject.score.add(result.isHealthy, schedule)) return
    const { identity } = subject.endpoint
    if (result.isHealthy) changed(identity, 'passing')
    else changed(identity, 'failing', result.reason)
  }
}

/** A probe that throws has failed like one that rejects. */
async function probe(check: HealthCheck, endpoint: Endpoint, signal: AbortSignal): Promise<void> {
  await check.probe(endpoint, signal)
}

function nothing(): void {}
