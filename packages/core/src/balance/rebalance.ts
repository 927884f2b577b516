import type { Clock } from '../clock.ts'
import type { Identity } from '../endpoint/endpoint.ts'
import type { BulkMove, EndpointCounts } from '../table/capabilities.ts'
import type { Binding, Version } from '../table/sticky-table.ts'
import type { CheckedRebalanceOptions, RebalanceOutcome } from './rebalance-options.ts'

/** What a rebalance needs of its pool. */
export interface RebalanceHost {
  readonly table: EndpointCounts & BulkMove
  readonly clock: Clock
  /** The endpoints to spread over, with their whole weights; undefined once the pool is closed. */
  readonly endpoints: () => readonly Share[] | undefined
  /** Versions of the bindings that open streams stand on. */
  readonly inUse: () => ReadonlySet<Version>
  /** No key that was moved within this time is moved again, in milliseconds. */
  readonly minMoveIntervalMs: number
  /** Told of each move. */
  readonly moved: (from: Identity, to: Identity) => void
}

/** An endpoint and its share, relative to the others. */
export interface Share {
  readonly identity: Identity
  readonly weight: number
}

/** Slices in a second: often enough to be smooth, and each far below a millisecond at the default pace. */
const SLICES_PER_SECOND = 10
/** Bindings looked at in one slice: below a millisecond. */
const EXAMINED_PER_SLICE = 20_000

/**
 * Moves keys from endpoints that have more than their share to those that have less: explicit, because nothing else ever
 * moves a key without need, and gradual, because each moved key finds a pod that does not know it. Ready endpoints with
 * a weight take part. Goes once over the table.
 */
export async function rebalance(
  host: RebalanceHost,
  options: CheckedRebalanceOptions,
): Promise<RebalanceOutcome> {
  const { perSecond, signal, onProgress } = options
  const plan = new Plan(host, options)
  const planned = plan.left
  let cursor: number | undefined = 0
  const outcome = (ended: RebalanceOutcome['ended']) => ({ moved: planned - plan.left, planned, ended })
  const examine = Math.max(EXAMINED_PER_SLICE, perSecond)
  const move = Math.ceil(perSecond / SLICES_PER_SECOND)
  for (;;) {
    if (plan.left <= 0) return outcome('even')
    if (cursor === undefined) return outcome('end')
    if (signal?.aborted || !host.endpoints()) return outcome('aborted')
    plan.look()
    const slice = await host.table.moveSlice(cursor, plan.choose, { examine, move })
    cursor = slice.cursor
    onProgress?.({ moved: planned - plan.left, planned })
    if (plan.left > 0 && cursor !== undefined) await pause(host.clock, (move / perSecond) * 1_000, signal)
  }
}

/** An endpoint with fewer keys than its share. */
interface Taker {
  readonly identity: Identity
  deficit: number
}

/** Which endpoints give and take how many keys. */
class Plan {
  /** Keys still to be moved. */
  left = 0
  readonly #host: RebalanceHost
  readonly #options: CheckedRebalanceOptions
  readonly #surplus = new Map<Identity, number>()
  /** Those below their share, in turn. */
  #takers: Taker[] = []
  /** Those less than half a key below their share: they take one each, when nobody else is left. */
  #nearlyEven: Taker[] = []
  #leastDeficit = 0.5
  #turn = 0
  #now = 0
  #inUse: ReadonlySet<Version> = new Set()

  constructor(host: RebalanceHost, options: CheckedRebalanceOptions) {
    this.#host = host
    this.#options = options
    const shares = host.endpoints() ?? []
    const counts = shares.map(({ identity }) => host.table.countByEndpoint(identity))
    const keys = counts.reduce((sum, count) => sum + count, 0)
    const total = shares.reduce((sum, { weight }) => sum + weight, 0)
    for (const [index, { identity, weight }] of shares.entries()) {
      const excess = (counts[index] as number) - (keys * weight) / total
      const surplus = Math.floor(excess * options.share)
      if (surplus > 0) this.#surplus.set(identity, surplus)
      if (excess < 0) this.#takers.push({ identity, deficit: -excess })
    }
    for (const surplus of this.#surplus.values()) this.left += surplus
  }

  /** Prepares for a slice: what is in use, and who is still there to take keys. */
  look(): void {
    const { clock, endpoints, inUse } = this.#host
    this.#now = clock.now()
    if (!this.#options.openStreams) this.#inUse = inUse()
    const taking = new Set(endpoints()?.map(({ identity }) => identity))
    for (const taker of [...this.#takers, ...this.#nearlyEven]) {
      if (!taking.has(taker.identity)) taker.deficit = 0
    }
  }

  readonly choose = (binding: Binding, usedAt: number): Identity | undefined => {
    const { identity, version, movedAt } = binding
    const surplus = this.#surplus.get(identity) ?? 0
    if (surplus <= 0 || this.#now - usedAt < this.#options.idleForMs || this.#inUse.has(version))
      return undefined
    if (movedAt !== undefined && this.#now - movedAt < this.#host.minMoveIntervalMs) return undefined
    const taker = this.#nextTaker()
    if (!taker) return undefined
    taker.deficit--
    this.#surplus.set(identity, surplus - 1)
    this.left--
    this.#host.moved(identity, taker.identity)
    return taker.identity
  }

  /** In turn, so that a taker does not get all its keys from the first endpoint that gives. */
  #nextTaker(): Taker | undefined {
    for (;;) {
      while (this.#takers.length > 0) {
        this.#turn = this.#turn % this.#takers.length
        const taker = this.#takers[this.#turn] as Taker
        if (taker.deficit >= this.#leastDeficit) {
          this.#turn++
          return taker
        }
        this.#takers.splice(this.#turn, 1)
        if (taker.deficit > 0) this.#nearlyEven.push(taker)
      }
      if (this.#nearlyEven.length === 0) return undefined
      this.#takers = this.#nearlyEven
      this.#nearlyEven = []
      this.#leastDeficit = Number.MIN_VALUE
    }
  }
}

function pause(clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    // Its progress may have had it aborted: the signal then fires no more.
    if (signal?.aborted) return resolve()
    const end = () => {
      cancel()
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const cancel = clock.after(ms, end)
    signal?.addEventListener('abort', end, { once: true })
  })
}
