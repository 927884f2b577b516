import { expect } from 'vitest'
import type { Balancer } from '../../src/balance/balancer.ts'
import type { Identity } from '../../src/endpoint/endpoint.ts'
import type { Route, ServedRoute } from '../../src/route/route.ts'
import { memoryTable } from '../../src/table/memory.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { fakeRandom } from '../../src/testing/fake-random.ts'
import { POD_STATES, type PodState } from './pod-states.ts'
import { pod, pool, refused, served } from './pool.ts'
import { ABSOLUTE, type Happening, IDLE, REPLICAS } from './sticky-happening.ts'

const MOST_MOVES = 8
const MIN_MOVE_INTERVAL = 1_000

/** A binding as it must stand. A move makes another object. Its last use lies between two times: touches have slack. */
interface ModelBinding {
  readonly identity: Identity
  readonly createdAt: number
  readonly movedAt: number | undefined
  usedFrom: number
  usedTo: number
}

interface ModelLease {
  readonly replica: number
  readonly key: string | undefined
  readonly tried: Set<Identity>
  route: ServedRoute
  seen: ModelBinding | undefined
  replaced: ModelBinding | 'nothing' | undefined
  moves: number
  isSettled: boolean
}

/** What pools on one table must do in a history, and a check at each step that they do it. */
export class StickyModel {
  readonly #clock = fakeClock()
  readonly #table = memoryTable({ idleTimeoutMs: IDLE, absoluteTimeoutMs: ABSOLUTE, clock: this.#clock })
  readonly #pools: ReturnType<typeof pool>[]
  /** What each replica knows of the pods. */
  readonly #views: Map<Identity, PodState>[]
  readonly #onLost: 'rebind' | 'fail'
  readonly #bindings = new Map<string, ModelBinding>()
  #open: ModelLease[] = []

  constructor(options: { onLost: 'rebind' | 'fail'; placement: () => Balancer; seed: number }) {
    this.#onLost = options.onLost
    this.#views = Array.from({ length: REPLICAS }, () => new Map())
    this.#pools = this.#views.map((_, replica) =>
      pool({
        endpoints: [],
        table: this.#table,
        clock: this.#clock,
        onLost: options.onLost,
        passiveHealth: false,
        placement: options.placement(),
        random: fakeRandom(options.seed + replica),
      }),
    )
  }

  happen(happening: Happening): void {
    switch (happening.what) {
      case 'pod':
        for (const replica of happening.replicas)
          this.#changePod(replica, `pod-${happening.pod}`, happening.state)
        break
      case 'request':
        this.#request(happening.replica, happening.key)
        break
      case 'connect-failure':
        this.#withOpen(happening.lease, (lease) => this.#fail(lease))
        break
      case 'answer':
        this.#withOpen(happening.lease, (lease) => this.#answer(lease, `pod-${happening.servedBy}`))
        break
      case 'done':
        this.#withOpen(happening.lease, (lease) => this.#end(lease))
        break
      case 'time':
        this.#pass(happening.ms)
    }
    for (const [replica, { sticky }] of this.#pools.entries()) {
      expect(sticky.inFlight).toBe(this.#open.filter((lease) => lease.replica === replica).length)
    }
  }

  /** Ends every request; then each key must stand as in the model, and no timer may be left. */
  finish(): void {
    for (const lease of [...this.#open]) this.#end(lease)
    for (const key of [...this.#bindings.keys()]) {
      const binding = this.#standing(key)
      expect(this.#table.lookup(key)?.identity).toBe(binding?.identity)
    }
    // Drains that discovery began are looked at four times a second, and end when the last key has idled out.
    this.#clock.advance(IDLE + 250)
    expect(this.#clock.pending).toBe(0)
    for (const { sticky } of this.#pools) expect(sticky.inFlight).toBe(0)
  }

  #withOpen(index: number, act: (lease: ModelLease) => void): void {
    const lease = this.#open[index % this.#open.length]
    if (lease) act(lease)
  }

  #changePod(replica: number, identity: Identity, state: PodState): void {
    const view = this.#views[replica] as Map<Identity, PodState>
    if (state === 'absent') view.delete(identity)
    else view.set(identity, state)
    const endpoints = [...view].map(([name, known]) => pod(Number(name.slice(4)), POD_STATES[known]))
    this.#pools[replica]?.discovery.emit(endpoints)
  }

  #pass(ms: number): void {
    this.#clock.advance(ms)
    const now = this.#clock.now()
    for (const { key, seen } of this.#open) {
      if (key === undefined || !seen || this.#bindings.get(key) !== seen) continue
      // First seen after an eighth of the idle timeout, then touched each quarter of it, an eighth late at most.
      seen.usedFrom = Math.max(seen.usedFrom, now - IDLE / 2)
      seen.usedTo = now
    }
  }

  #request(replica: number, key: string | undefined): void {
    const standing = key === undefined ? undefined : this.#standing(key)
    const { route } = this.#pools[replica] as ReturnType<typeof pool>
    const given = route(key) as Route
    const tried = new Set<Identity>()
    const start = { seen: undefined, replaced: undefined, moves: 0, isSettled: false }
    const lease: ModelLease = { replica, key, tried, route: given as ServedRoute, ...start }
    this.#open.push(lease)
    if (key === undefined) this.#expectKeyless(lease, given)
    else if (standing) this.#expectFound(lease, given, standing)
    else this.#expectBound(lease, given)
  }

  #fail(lease: ModelLease): void {
    if (lease.isSettled) return
    lease.tried.add(lease.route.endpoint.identity)
    const { key, seen } = lease
    const standing = key === undefined ? undefined : this.#standing(key)
    const given = lease.route.next(new Error('ECONNREFUSED')) as Route
    expect(lease.route.next()).toBe(given)
    if (!seen) this.#expectKeyless(lease, given)
    else if (this.#takes(lease, seen)) {
      if (standing) this.#expectFound(lease, given, standing)
      else this.#expectBound(lease, given)
    } else if (lease.replaced) this.#expectRebound(lease, given, seen)
    else this.#expectLost(lease, given, seen)
  }

  #answer(lease: ModelLease, servedBy: Identity): void {
    const standing = lease.key === undefined ? undefined : this.#standing(lease.key)
    void lease.route.settle({ status: 200, servedBy })
    void lease.route.settle({ status: 200, servedBy: 'pod-1' })
    const isFirst = !lease.isSettled
    lease.isSettled = true
    const { key, seen } = lease
    const home = lease.route.endpoint.identity
    const isElsewhere = seen?.identity === home && servedBy !== home
    if (!isFirst || key === undefined || !isElsewhere || !this.#state(lease, servedBy)) return
    if (standing && standing !== seen) this.#use(standing)
    else lease.seen = this.#bind(key, servedBy, standing)
  }

  #end(lease: ModelLease): void {
    this.#open = this.#open.filter((other) => other !== lease)
    if (lease.key !== undefined) this.#standing(lease.key)
    lease.route.done()
    lease.route.done()
    // A stream that a sweep has seen counts its end as use, a shorter one does not.
    if (lease.key !== undefined && lease.seen && this.#bindings.get(lease.key) === lease.seen) {
      lease.seen.usedTo = this.#clock.now()
    }
  }

  #expectKeyless(lease: ModelLease, given: Route): void {
    if (this.#candidates(lease).size === 0) this.#expectRefused(lease, given, 'no-endpoints')
    else this.#expectServed(lease, given, 'keyless', this.#candidates(lease))
  }

  #expectBound(lease: ModelLease, given: Route): void {
    if (this.#candidates(lease).size === 0) return this.#expectRefused(lease, given, 'no-endpoints')
    const home = this.#expectServed(lease, given, 'bound', this.#candidates(lease))
    lease.replaced = 'nothing'
    lease.seen = this.#bind(lease.key as string, home, undefined)
  }

  #expectFound(lease: ModelLease, given: Route, standing: ModelBinding): void {
    this.#use(standing)
    lease.seen = standing
    if (!this.#takes(lease, standing)) return this.#expectLost(lease, given, standing)
    this.#expectServed(lease, given, 'stuck', new Set([standing.identity]))
  }

  #expectLost(lease: ModelLease, given: Route, from: ModelBinding): void {
    if (this.#onLost === 'fail') return this.#expectRefused(lease, given, 'lost')
    const { movedAt } = from
    const mayMove = movedAt === undefined || this.#clock.now() - movedAt >= MIN_MOVE_INTERVAL
    if (mayMove) return this.#expectRebound(lease, given, from)
    const candidates = this.#candidates(lease)
    if (candidates.size === 0) return this.#expectRefused(lease, given, 'no-endpoints')
    this.#expectServed(lease, given, 'detour', candidates)
  }

  #expectRebound(lease: ModelLease, given: Route, from: ModelBinding): void {
    const candidates = this.#candidates(lease)
    if (candidates.size === 0) return this.#expectRefused(lease, given, 'no-endpoints')
    if (++lease.moves > MOST_MOVES) {
      this.#expectServed(lease, given, 'detour', candidates)
      return
    }
    const key = lease.key as string
    const standing = this.#bindings.get(key)
    if (standing && standing !== from) {
      lease.replaced = undefined
      return this.#expectFound(lease, given, standing)
    }
    const home = this.#expectServed(lease, given, 'moved', candidates)
    expect(given).toMatchObject({ from: from.identity })
    lease.replaced ??= from
    lease.seen = this.#bind(key, home, standing)
  }

  #expectServed(
    lease: ModelLease,
    given: Route,
    kind: ServedRoute['kind'],
    homes: ReadonlySet<Identity>,
  ): Identity {
    const route = served(given)
    expect(route.kind).toBe(kind)
    expect(homes).toContain(route.endpoint.identity)
    lease.route = route
    return route.endpoint.identity
  }

  #expectRefused(lease: ModelLease, given: Route, reason: 'lost' | 'no-endpoints'): void {
    expect(refused(given).reason).toBe(reason)
    if (reason === 'no-endpoints') this.#takeBack(lease)
    given.done()
    this.#open = this.#open.filter((other) => other !== lease)
  }

  #takeBack({ key, seen, replaced, replica }: ModelLease): void {
    if (key === undefined || !replaced) return
    const standing = this.#bindings.get(key)
    const isListed = replaced !== 'nothing' && this.#views[replica]?.has(replaced.identity)
    if (!isListed && standing === seen) this.#bindings.delete(key)
    else if (isListed && standing && standing !== seen) this.#use(standing)
    else if (isListed) this.#bind(key, replaced.identity, standing)
  }

  /** Where a new key, or one that must move, may go for this request. */
  #candidates({ replica, tried }: ModelLease): Set<Identity> {
    const view = this.#views[replica] as Map<Identity, PodState>
    const takesNew = ([identity, state]: [Identity, PodState]) =>
      (state === 'ready' || state === 'heavy') && !tried.has(identity)
    return new Set([...view].filter(takesNew).map(([identity]) => identity))
  }

  /** Whether the endpoint of a binding takes this request. */
  #takes(lease: ModelLease, { identity }: ModelBinding): boolean {
    const state = this.#state(lease, identity)
    const isDown = state === undefined || state === 'not ready' || state === 'terminated'
    return !isDown && !lease.tried.has(identity)
  }

  #state({ replica }: ModelLease, identity: Identity): PodState | undefined {
    return this.#views[replica]?.get(identity)
  }

  /** The binding of a key. Where touches leave it open whether it has expired, the table decides. */
  #standing(key: string): ModelBinding | undefined {
    const binding = this.#bindings.get(key)
    if (!binding) return undefined
    const now = this.#clock.now()
    const endsAt = (usedAt: number) => Math.min(usedAt + IDLE, binding.createdAt + ABSOLUTE)
    if (now < endsAt(binding.usedFrom)) return binding
    if (now < endsAt(binding.usedTo) && this.#table.lookup(key)) {
      this.#use(binding)
      return binding
    }
    this.#bindings.delete(key)
    return undefined
  }

  #bind(key: string, identity: Identity, before: ModelBinding | undefined): ModelBinding {
    const now = this.#clock.now()
    const movedAt = before && now
    const binding = { identity, createdAt: before?.createdAt ?? now, movedAt, usedFrom: now, usedTo: now }
    this.#bindings.set(key, binding)
    return binding
  }

  #use(binding: ModelBinding): void {
    binding.usedFrom = binding.usedTo = this.#clock.now()
  }
}
