import { type Clock, type Endpoint, StickyError } from '@limpet/core'
import type { ConnectCaller } from './upstream.ts'

/** Limits of one endpoint; all are checked by `forward()`. */
export interface SlotLimits {
  /** Requests and upgraded streams that the endpoint may have at the same time; Infinity = as many as come. */
  readonly maxRequestsPerEndpoint: number
  /** Requests that may wait for one of them. */
  readonly maxQueuedPerEndpoint: number
  /** The longest of these waits, in milliseconds. */
  readonly queueTimeoutMs: number
  readonly clock: Clock
}

interface Waiting {
  readonly caller: ConnectCaller
  readonly enter: () => void
  readonly until: number
}

/**
 * What one endpoint may have at the same time, and who waits for it in the order they came (HAProxy's `maxconn`, `maxqueue`
 * and `timeout queue`). A request whose key is bound can only wait: another endpoint does not know its session.
 */
export class EndpointSlots {
  readonly #limits: SlotLimits
  readonly #endpoint: Endpoint
  readonly #queue: Waiting[] = []
  #taken = 0
  #cancelDeadline: (() => void) | undefined

  constructor(endpoint: Endpoint, limits: SlotLimits) {
    this.#endpoint = endpoint
    this.#limits = limits
  }

  /** Nothing is in flight and nobody waits. */
  get isUnused(): boolean {
    return this.#taken === 0 && this.#queue.length === 0
  }

  /** Takes a slot; false = none is free, as always while others wait for one. */
  tryTake(): boolean {
    if (this.#taken >= this.#limits.maxRequestsPerEndpoint) return false
    this.#taken++
    return true
  }

  /** Calls `enter` once with a slot taken, or `caller.refused`. */
  wait(caller: ConnectCaller, enter: () => void): void {
    const { maxQueuedPerEndpoint, queueTimeoutMs, clock } = this.#limits
    if (this.#queue.length >= maxQueuedPerEndpoint) this.#dropCancelled()
    if (this.#queue.length >= maxQueuedPerEndpoint) {
      return caller.refused(
        this.#busy(`${maxQueuedPerEndpoint} others wait already (option "forward.maxQueuedPerEndpoint")`),
      )
    }
    this.#queue.push({ caller, enter, until: clock.now() + queueTimeoutMs })
    this.#cancelDeadline ??= clock.after(queueTimeoutMs, () => this.#refuseLate())
  }

  /** Gives a slot back; the first who waits takes it. */
  release(): void {
    this.#taken--
    while (this.#queue.length > 0 && this.#taken < this.#limits.maxRequestsPerEndpoint) {
      const first = this.#queue.shift() as Waiting
      if (first.caller.isCancelled) continue
      this.#taken++
      first.enter()
    }
    if (this.#queue.length === 0) this.#stopDeadline()
  }

  /** Refuses all who wait. */
  close(error: Error): void {
    this.#stopDeadline()
    for (const { caller } of this.#queue.splice(0)) if (!caller.isCancelled) caller.refused(error)
  }

  #refuseLate(): void {
    this.#cancelDeadline = undefined
    const { queueTimeoutMs, clock } = this.#limits
    const now = clock.now()
    while (this.#queue[0] !== undefined && this.#queue[0].until <= now) {
      const { caller } = this.#queue.shift() as Waiting
      if (caller.isCancelled) continue
      caller.refused(
        this.#busy(`a wait of ${queueTimeoutMs} ms was in vain (option "forward.queueTimeoutMs")`),
      )
    }
    const next = this.#queue[0]
    if (next) this.#cancelDeadline ??= clock.after(Math.max(1, next.until - now), () => this.#refuseLate())
  }

  #dropCancelled(): void {
    const left = this.#queue.filter(({ caller }) => !caller.isCancelled)
    this.#queue.splice(0, this.#queue.length, ...left)
  }

  #stopDeadline(): void {
    this.#cancelDeadline?.()
    this.#cancelDeadline = undefined
  }

  #busy(why: string): StickyError {
    const { maxRequestsPerEndpoint } = this.#limits
    const limit = `${maxRequestsPerEndpoint} requests (option "forward.maxRequestsPerEndpoint")`
    return new StickyError('endpoint-busy', `${this.#endpoint.identity} has its ${limit}, and ${why}`)
  }
}
