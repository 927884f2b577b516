import { isDeepStrictEqual } from 'node:util'
import type { Identity } from '../../../src/endpoint/endpoint.ts'
import { isPromise, type MaybePromise } from '../../../src/maybe-promise.ts'
import type { Outcome, Route } from '../../../src/route/route.ts'
import type { MoveCause } from '../../../src/route/route-counts.ts'
import type { Sticky } from '../../../src/sticky.ts'
import type { MemoryTable } from '../../../src/table/memory.ts'
import type { FakeClock } from '../../../src/testing/fake-clock.ts'
import { fakeRandom } from '../../../src/testing/fake-random.ts'
import type { PodState } from '../pod-states.ts'
import { pool, REFUSED } from '../pool.ts'
import { DrainBook } from './drain-book.ts'
import { EndpointView } from './endpoint-view.ts'
import { brief, judge } from './judge.ts'
import { type Change, type Entry, type Ledger, watchedTable } from './ledger.ts'
import { Probes } from './probes.ts'
import type { Faults, Setup } from './setup.ts'
import { endpointsDue, endpointsTold, tallyOf } from './stats-law.ts'
import { newWay, type OpenWay } from './way.ts'

export const HOLD_LIMIT = 1_500

interface Shared {
  readonly clock: FakeClock
  readonly ledger: Ledger
  readonly table: MemoryTable
  readonly faults: Faults
}

/** What the table was when a route was told. */
interface Told {
  readonly changes: readonly Change[]
  readonly entries: ReadonlyMap<string, Entry>
}

/** One pool, and what it must be doing. */
export class Replica {
  readonly name: string
  readonly sticky: Sticky
  readonly view: EndpointView
  readonly drains: DrainBook
  readonly probes: Probes
  ways: OpenWay[] = []
  readonly #number: number
  readonly #setup: Setup
  readonly #shared: Shared
  readonly #pool: ReturnType<typeof pool>
  readonly #told = new Map<Route, Told>()
  readonly #tally: Record<string, number> = {}
  #drainsAwaited = 0
  #isClosed = false

  constructor(number: number, setup: Setup, shared: Shared) {
    const { clock, ledger, table, faults } = shared
    this.#number = number
    this.#setup = setup
    this.#shared = shared
    this.name = `replica-${number}`
    this.view = new EndpointView(setup, clock.now)
    this.drains = new DrainBook(setup, this.view, ledger, clock.now)
    this.probes = new Probes(setup)
    const placement = setup.placement()
    this.#pool = pool({
      name: this.name,
      endpoints: [],
      clock,
      table: watchedTable(table, ledger, number, setup.scope, setup.counts),
      placement: faults.placement?.(placement) ?? placement,
      onLost: setup.onLost,
      confirmLoss: setup.confirmLoss,
      minMoveIntervalMs: setup.minMoveIntervalMs,
      ...(setup.cap !== undefined && { maxBoundPerEndpoint: setup.cap }),
      onCapacity: setup.onCapacity,
      passiveHealth: setup.passive,
      ...(setup.hasChecks && { healthCheck: this.probes.check }),
      ...(setup.hasSlowStart && { slowStart: { windowMs: 5_000 } }),
      drainDeadlineMs: setup.drainDeadlineMs,
      random: fakeRandom(setup.seed + number),
    })
    this.sticky = this.#pool.sticky
  }

  get isWaiting(): boolean {
    return this.#drainsAwaited > 0 || this.ways.some(({ isHeld }) => isHeld)
  }

  get #held(): number {
    return this.ways.filter(({ isHeld }) => isHeld).length
  }

  discover(identity: Identity, state: PodState | 'restarted'): void {
    this.view.discover(identity, state)
    this.#pool.discovery.emit(this.view.list())
  }

  request(key: string | undefined, isLeased: boolean): void {
    const way = newWay(this.#number, key, isLeased)
    this.ways.push(way)
    this.#receive(way, this.#pool.route(key, { signal: way.abort.signal, lease: isLeased }))
  }

  fail(way: OpenWay): void {
    const { route, at } = way
    if (way.isHeld || way.isSettled || way.isDone || !route) return
    way.tried.add(route.endpoint.identity)
    way.nexts++
    way.isNext = true
    way.wasHeld = false
    if (at) this.view.connectFailed(at)
    this.#receive(way, route.next(REFUSED))
  }

  answer(way: OpenWay, outcome: Outcome): void {
    const { route, at, seen } = way
    if (way.isHeld || way.isDone || !route) return
    const home = route.endpoint.identity
    const { servedBy = home, status = 200, error } = outcome
    if (!way.isSettled && at && servedBy === home) {
      this.view.answered(at, error !== undefined || status >= 500)
    }
    void route.settle(outcome)
    const changes = this.#take()
    const isElsewhere = !way.isSettled && seen?.identity === home && servedBy !== home
    way.isSettled = true
    for (const { cause, after, key } of changes) {
      const isCorrection =
        isElsewhere && cause === 'corrected' && after?.identity === servedBy && key === way.key
      if (!isCorrection) this.#breach(`L2 an answer of ${servedBy} changed the binding of ${key}`)
      way.seen = after
    }
  }

  abort(way: OpenWay): void {
    way.isAborted = true
    way.abort.abort()
  }

  end(way: OpenWay): void {
    if (way.isHeld && !way.route) return
    way.route?.done()
    way.route?.done()
    way.isDone = true
    if (!way.isHeld) this.#forget(way)
  }

  drain(identity: Identity, deadlineMs: number | undefined): void {
    const known = this.view.find(identity)
    if (!known) return
    if (known.drain === 'none' && !this.#isClosed) known.drain = 'draining'
    known.isCutByDiscovery = false
    const options = deadlineMs === undefined ? {} : { deadlineMs }
    this.#drainsAwaited++
    const ended = () => this.#drainsAwaited--
    void this.drains
      .asked(identity, deadlineMs, () => this.sticky.drain(identity, options))
      .then(ended, ended)
  }

  undrain(identity: Identity): void {
    const known = this.view.find(identity)
    if (!known) return
    const wasDraining = known.drain !== 'none'
    known.drain = 'none'
    this.drains.calledOff(identity)
    if (this.sticky.undrain(identity) !== wasDraining) this.#breach('L5 undrain answered wrongly')
  }

  setWeight(identity: Identity, weight: number | undefined): void {
    const known = this.view.find(identity)
    if (!known) return
    known.weight = weight
    this.sticky.setWeight(identity, weight)
  }

  close(): void {
    this.drains.isClosing = true
    this.#isClosed = true
    this.view.isClosed = true
    this.probes.close()
    void this.sticky.close()
  }

  told(route: Route): void {
    this.#told.set(route, { changes: this.#take(), entries: this.#shared.ledger.copy() })
    const name = route.kind === 'refused' ? `refused ${route.reason}` : route.kind
    this.#tally[name] = (this.#tally[name] ?? 0) + 1
  }

  moved(cause: MoveCause): void {
    this.#shared.ledger.moved(this.#number, cause)
    this.#tally[`move ${cause}`] = (this.#tally[`move ${cause}`] ?? 0) + 1
  }

  /** Whether all stands as it must, seen from outside. */
  look(): void {
    if (!this.#isClosed) this.drains.look()
    for (const { key, cause } of this.#take()) this.#breach(`L2 ${key} was changed (${cause}) for no request`)
    for (const way of this.ways) this.#lookAtWait(way)
    const stats = this.sticky.stats()
    const inUse = this.ways.filter(({ isHeld, isDone, isLeased }) => isLeased && !isHeld && !isDone)
    this.#same('inFlight', stats.inFlight, inUse.length)
    this.#same('waiting', stats.waiting.hold, this.#held)
    this.#same('counts', tallyOf(stats), this.#tally)
    const refusedInAll = Object.values(stats.refused).reduce((sum, count) => sum + count, 0)
    this.#same('refusals', stats.kinds.refused, refusedInAll)
    if (this.#isClosed) return
    this.#same('isPanic', stats.isPanic, this.view.isPanic)
    const told = endpointsTold(stats)
    const due = endpointsDue(this.view, this.#setup, this.#shared.ledger, inUse)
    for (const [index, endpoint] of due.entries()) this.#same('endpoint', told[index], endpoint)
  }

  /** Requests that may wait with this one among them, as far as that is clear. */
  #mostWaiting({ key = '', seen }: OpenWay): number {
    const binding = this.#shared.ledger.entry(key) ?? seen
    const policy = binding && this.#setup.onLost[this.view.causeOf(binding.identity)]
    const isHold = typeof policy === 'object' && policy.action === 'hold'
    return isHold ? (policy.maxWaiting ?? 1_024) : Number.POSITIVE_INFINITY
  }

  #lookAtWait({ key = '', isHeld, mostWaiting, holdUntil = 0, seen, tried }: OpenWay): void {
    if (!isHeld) return
    if (mostWaiting !== undefined && this.#held > mostWaiting) this.#breach('L9 more requests wait than may')
    if (this.#shared.clock.now() >= holdUntil) this.#breach('L9 a request waits for longer than its limit')
    // Where the key was moved since `seen`, the request waits for its new endpoint, which it may have tried.
    const isSeen = seen !== undefined && this.#shared.ledger.entry(key) === seen
    if (isSeen && !tried.has(seen.identity) && this.view.isUsable(seen.identity)) {
      this.#breach(`L1 a request waits for ${seen.identity}, which is there`)
    }
  }

  #receive(way: OpenWay, given: MaybePromise<Route>): void {
    if (!isPromise(given)) return this.#arrive(way, given)
    const most = this.#mostWaiting(way)
    way.mostWaiting = this.#held >= most ? most : undefined
    way.isHeld = true
    way.holdUntil ??= this.#shared.clock.now() + HOLD_LIMIT
    const standing = way.key === undefined ? undefined : this.#shared.ledger.entry(way.key)
    if (!way.isNext) way.seen = standing
    void given.then((route) => {
      way.wasHeld = true
      const isWoken = route.kind !== 'refused' && this.#shared.clock.now() < (way.holdUntil ?? 0)
      // Its endpoint is back, and may be tried again.
      if (isWoken && way.seen) way.tried.delete(way.seen.identity)
      this.#arrive(way, route)
      way.isHeld = false
    })
  }

  #arrive(way: OpenWay, route: Route): void {
    const { ledger, clock } = this.#shared
    const { changes, entries } = this.#told.get(route) ?? { changes: [], entries: new Map<string, Entry>() }
    if (!this.#told.delete(route)) return this.#breach(`L5 a route was given and not told: ${brief(route)}`)
    const court = {
      setup: this.#setup,
      ledger,
      view: this.view,
      now: clock.now,
      isClosed: () => this.#isClosed,
      waiting: () => this.ways.filter((other) => other.isHeld && other !== way).length,
    }
    const before = new Map(entries)
    for (const change of changes) {
      if (change.before) before.set(change.key, change.before)
      else before.delete(change.key)
    }
    const count = (identity: Identity) =>
      [...before.values()].filter((entry) => entry.identity === identity).length
    const after = way.key === undefined ? undefined : entries.get(way.key)
    judge(court, { way, route, changes, after, count, tableRefuses: ledger.refuses(before.size) })
    if (route.kind === 'refused') {
      route.done()
      way.route = undefined
      return this.#forget(way)
    }
    way.tried.delete(route.endpoint.identity)
    way.route = route
    way.at = this.view.find(route.endpoint.identity)
    if (!way.isLeased || way.isDone) this.#forget(way)
  }

  #forget(way: OpenWay): void {
    this.ways = this.ways.filter((other) => other !== way)
  }

  #take(): Change[] {
    return this.#shared.ledger.takeChanges(this.#number)
  }

  #same(what: string, seen: unknown, due: unknown): void {
    if (isDeepStrictEqual(seen, due)) return
    this.#breach(`L5 ${what}: ${JSON.stringify(seen)}, due is ${JSON.stringify(due)}`)
  }

  #breach(law: string): void {
    this.#shared.ledger.breach(`${law} (${this.name})`)
  }
}
