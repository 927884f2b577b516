import type { Clock } from '../clock.ts'
import type { Identity } from './endpoint.ts'
import type { EndpointState } from './endpoint-state.ts'
import type { Member, PoolSnapshot } from './pool-snapshot.ts'

/**
 * How a drain has ended:
 *
 * - `drained`: no key is bound to the endpoint any more;
 * - `deadline`: the time was up; `cut` keys were still bound, and their next requests find the endpoint lost (`drained`);
 * - `gone`: the endpoint stopped serving or left the snapshot before, with `cut` keys;
 * - `undrained`: the drain was called off.
 *
 * `waitedMs` is the time since it began. `cut` is undefined where the table does not count keys.
 *
 * @public
 */
export type DrainOutcome =
  | { readonly kind: 'drained'; readonly waitedMs: number }
  | { readonly kind: 'deadline' | 'gone'; readonly cut: number | undefined; readonly waitedMs: number }
  | { readonly kind: 'undrained'; readonly waitedMs: number }

/** Options of `drain()`. @public */
export interface DrainOptions {
  /** Time after which the endpoint's keys are lost, in milliseconds; 0 = at once. Default: never. */
  readonly deadlineMs?: number
  /** Ends this wait for the drain. */
  readonly signal?: AbortSignal
}

/** What {@link Drains} needs of its pool. */
export interface DrainsHost {
  readonly clock: Clock
  /** Keys bound to the endpoint; undefined where nobody counts them. */
  readonly bound: (identity: Identity) => number | undefined
  /** Whether a count of zero is right, where it may not be; undefined where it always is. */
  readonly confirm: ((identity: Identity) => Promise<boolean>) | undefined
  /** How long an endpoint that discovery calls terminating may keep its keys. */
  readonly deadlineMs: number
  /** The operator's word on an endpoint has changed. */
  readonly changed: () => void
  /** Told once for each drain when it begins. */
  readonly began: (identity: Identity) => void
  /** Told once for each drain when it has ended. */
  readonly ended: (identity: Identity, outcome: DrainOutcome) => void
}

interface DrainUnderWay {
  readonly state: EndpointState
  readonly beganAt: number
  deadlineAt: number
  readonly waiters: Set<(outcome: DrainOutcome) => void>
  /** True while somebody confirms that no key is left. */
  isConfirming: boolean
}

/** Bound keys end one by one, by their time-outs too, so they are counted; a drain takes seconds to hours. */
const LOOK_EVERY_MS = 250

/** The drains of a pool: begun by the operator, or by discovery that calls an endpoint terminating while it still serves. */
export class Drains {
  readonly #host: DrainsHost
  readonly #underWay = new Map<EndpointState, DrainUnderWay>()
  /** How drains have ended whose endpoints still are what they were drained to: nothing more will be told of these. */
  readonly #ended = new WeakMap<EndpointState, DrainOutcome>()
  /** Those whose drain by discovery alone has met its deadline: over as long as discovery calls them terminating. */
  readonly #cutByDiscovery = new WeakSet<EndpointState>()
  #cancelLook: (() => void) | undefined
  #isClosed = false

  constructor(host: DrainsHost) {
    this.#host = host
  }

  /**
   * Begins, or joins, a drain by the operator. A deadline that is given replaces the former. A drain that has ended is
   * answered as it ended, until it is called off.
   */
  drain(state: EndpointState, deadlineMs: number | undefined, signal?: AbortSignal): Promise<DrainOutcome> {
    const { clock } = this.#host
    if (state.drain === 'none') {
      state.drain = 'draining'
      this.#host.changed()
    }
    this.#cutByDiscovery.delete(state)
    const ended = this.#ended.get(state)
    if (ended) return Promise.resolve(ended)
    const drain = this.#underWay.get(state) ?? this.#begin(state, Number.POSITIVE_INFINITY)
    if (deadlineMs !== undefined) drain.deadlineAt = clock.now() + deadlineMs
    const outcome = new Promise<DrainOutcome>((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const abort = () => {
        drain.waiters.delete(end)
        reject(signal?.reason)
      }
      const end = (how: DrainOutcome) => {
        signal?.removeEventListener('abort', abort)
        resolve(how)
      }
      signal?.addEventListener('abort', abort, { once: true })
      drain.waiters.add(end)
    })
    this.#look()
    return outcome
  }

  /** Calls a drain by the operator off. Answers whether there was one. */
  undrain(state: EndpointState): boolean {
    if (state.drain === 'none') return false
    state.drain = 'none'
    const drain = this.#underWay.get(state)
    // It goes on where discovery calls the endpoint terminating, and else ends with the snapshot that this makes.
    if (drain) drain.deadlineAt = drain.beganAt + this.#host.deadlineMs
    this.#ended.delete(state)
    this.#host.changed()
    return true
  }

  /** Follows what a new snapshot says: endpoints that now terminate, or no longer do. */
  follow(snapshot: PoolSnapshot): void {
    const { deadlineMs } = this.#host
    for (const drain of this.#underWay.values()) {
      const member = snapshot.find(drain.state.identity)
      if (member?.state !== drain.state || isOver(member)) this.#cut(drain, 'gone')
      else if (!isDraining(member)) this.#end(drain, { kind: 'undrained', waitedMs: this.#waited(drain) })
    }
    for (const member of snapshot.members()) {
      const { state, endpoint } = member
      if (!endpoint.conditions.terminating && this.#cutByDiscovery.delete(state)) {
        state.drain = 'none'
        this.#host.changed()
      }
      if (!isDraining(member)) this.#ended.delete(state)
      else if (!this.#underWay.has(state) && !this.#ended.has(state) && !isOver(member)) {
        this.#begin(state, deadlineMs)
      }
    }
    this.#look()
  }

  close(): void {
    this.#isClosed = true
    this.#cancelLook?.()
    this.#cancelLook = undefined
    for (const drain of this.#underWay.values()) {
      this.#end(drain, { kind: 'undrained', waitedMs: this.#waited(drain) })
    }
  }

  #begin(state: EndpointState, deadlineMs: number): DrainUnderWay {
    const now = this.#host.clock.now()
    const drain = {
      state,
      beganAt: now,
      deadlineAt: now + deadlineMs,
      waiters: new Set<() => void>(),
      isConfirming: false,
    }
    this.#underWay.set(state, drain)
    this.#host.began(state.identity)
    return drain
  }

  #look(): void {
    const now = this.#host.clock.now()
    for (const drain of this.#underWay.values()) {
      const { state } = drain
      const isUnbound = this.#host.bound(state.identity) === 0
      if (isUnbound && !this.#host.confirm) {
        this.#end(drain, { kind: 'drained', waitedMs: this.#waited(drain) })
        continue
      }
      if (isUnbound) void this.#confirm(drain)
      if (now >= drain.deadlineAt) {
        if (state.drain === 'none') this.#cutByDiscovery.add(state)
        state.drain = 'over'
        this.#cut(drain, 'deadline')
        this.#host.changed()
      }
    }
    // Anew each time: a drain that has just begun, or was joined, may be due before the look that was planned.
    this.#cancelLook?.()
    this.#cancelLook = undefined
    if (this.#underWay.size === 0 || this.#isClosed) return
    let delayMs = Number.POSITIVE_INFINITY
    for (const { state, deadlineAt } of this.#underWay.values()) {
      const isCounted = this.#host.bound(state.identity) !== undefined
      delayMs = Math.min(delayMs, deadlineAt - now, isCounted ? LOOK_EVERY_MS : Number.POSITIVE_INFINITY)
    }
    // Nobody counts, and no deadline is set: only discovery or the operator can end these.
    if (delayMs === Number.POSITIVE_INFINITY) return
    this.#cancelLook = this.#host.clock.after(delayMs, () => {
      this.#cancelLook = undefined
      this.#look()
    })
  }

  /** Ends a drain if no key is left. What it is told of a failure is that the look comes again, and what the table reports. */
  async #confirm(drain: DrainUnderWay): Promise<void> {
    if (drain.isConfirming) return
    drain.isConfirming = true
    const { identity } = drain.state
    const isUnbound = await this.#host.confirm?.(identity).catch(() => false)
    drain.isConfirming = false
    if (isUnbound && this.#underWay.get(drain.state) === drain) {
      this.#end(drain, { kind: 'drained', waitedMs: this.#waited(drain) })
    }
  }

  #cut(drain: DrainUnderWay, kind: 'deadline' | 'gone'): void {
    this.#end(drain, { kind, cut: this.#host.bound(drain.state.identity), waitedMs: this.#waited(drain) })
  }

  #end(drain: DrainUnderWay, outcome: DrainOutcome): void {
    this.#underWay.delete(drain.state)
    this.#ended.set(drain.state, outcome)
    if (this.#underWay.size === 0) {
      this.#cancelLook?.()
      this.#cancelLook = undefined
    }
    this.#host.ended(drain.state.identity, outcome)
    for (const end of drain.waiters) end(outcome)
  }

  #waited({ beganAt }: DrainUnderWay): number {
    return Math.round(this.#host.clock.now() - beganAt)
  }
}

/** Keeps its keys and gets no new ones, whatever its health. */
function isDraining({ endpoint, state }: Member): boolean {
  return state.drain !== 'none' || endpoint.conditions.terminating
}

/** Keeps its keys no longer. */
function isOver({ endpoint, state }: Member): boolean {
  const { terminating, serving } = endpoint.conditions
  return state.drain === 'over' || (terminating && !serving)
}
