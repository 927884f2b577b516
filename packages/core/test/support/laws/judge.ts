import type { LossCause } from '../../../src/endpoint/availability.ts'
import type { Identity } from '../../../src/endpoint/endpoint.ts'
import type { Route, ServedRoute } from '../../../src/route/route.ts'
import type { EndpointView } from './endpoint-view.ts'
import type { Change, Entry, Ledger } from './ledger.ts'
import type { Setup } from './setup.ts'
import type { Way } from './way.ts'

/** What was known when a route was given, and what was done to the table for it. */
export interface Decision {
  readonly way: Way
  readonly route: Route
  readonly changes: readonly Change[]
  /** The key's binding after it. */
  readonly after: Entry | undefined
  /** Keys of each endpoint before it. */
  readonly count: (identity: Identity) => number
  /** A new key was refused by the table. */
  readonly tableRefuses: boolean
}

export interface Court {
  readonly setup: Setup
  readonly ledger: Ledger
  readonly view: EndpointView
  readonly now: () => number
  readonly isClosed: () => boolean
  readonly waiting: () => number
}

/** Holds a decision against the laws, and notes in the request's way what it now knows. */
export function judge(court: Court, decision: Decision): void {
  const { way, route, changes, after } = decision
  const told = brief(route)
  const may = permitted(court, decision)
  const breach = (law: string) =>
    court.ledger.breach(
      `${law}: ${told} for ${way.key} of replica ${way.replica}${way.isNext ? ', next' : ''}${way.wasHeld ? ', held' : ''}; permitted: ${[...may].join(', ')}`,
    )
  if (!may.has(told)) breach('L1 decision')
  if (changes.length > 1) breach(`L2 ${changes.length} changes for one decision`)
  for (const change of changes) judgeChange(court, decision, change, breach)
  if (route.kind !== 'refused') judgePlace(court, decision, route, breach)
  if (told === 'refused no-endpoints') judgeTakeBack(court, decision, breach)
  const made = changes.find(({ what }) => what !== 'released')
  if (made) {
    way.isOwn = way.hasMade = true
    // Its own binding was replaced by another's, from which it moved the key then.
    if (made.before && made.before !== way.seen) way.replaced = undefined
    // A move whose key has lost its binding binds it anew.
    const isMove = made.cause !== undefined
    way.replaced ??= made.before ?? (isMove && way.seen ? way.seen : 'nothing')
  } else if (route.kind === 'stuck') {
    way.isOwn = false
    way.replaced = undefined
  } else if (after !== way.seen) way.isUnsure = way.isOwn
  if (route.kind === 'stuck' || made) way.seen = after
  if (route.kind === 'detour' && after?.identity === route.from) way.seen = after
}

function judgePlace(
  { view }: Court,
  { way, after }: Decision,
  route: ServedRoute,
  breach: (law: string) => void,
) {
  const { identity } = route.endpoint
  const isBoundHere = ['stuck', 'bound', 'moved'].includes(route.kind)
  if (isBoundHere && after?.identity !== identity) breach('L1 the route is not where the key is bound')
  if (route.kind === 'overflow' && route.stored !== (after?.identity === identity))
    breach('L8 overflow, stored')
  if (route.kind === 'stuck') {
    if (!view.isUsable(identity)) breach('L1 stuck to an endpoint that is down')
    return
  }
  if (!view.placeable().has(identity)) breach('L3 a request was placed on an endpoint that takes no new keys')
  // What a request has waited for it may try again, also when its key was moved away from there meanwhile.
  if (way.tried.has(identity) && !way.wasHeld) breach('L3 an endpoint was tried twice')
}

/** Nobody has answered: what the request bound is unbound, what it moved is put back. */
function judgeTakeBack(
  { view }: Court,
  { way, changes, after }: Decision,
  breach: (law: string) => void,
): void {
  const { seen, replaced } = way
  const stood = changes.length > 0 ? changes[0]?.before : after
  if (!way.isNext || !way.isOwn || way.isUnsure || way.wasHeld || stood !== seen || !seen) return
  const home = replaced !== undefined && replaced !== 'nothing' && view.find(replaced.identity)
  if (after?.identity !== (home ? home.identity : undefined)) breach('L2 a binding was not taken back')
}

function judgeChange(court: Court, decision: Decision, change: Change, breach: (law: string) => void): void {
  const { way, count, route } = decision
  const { what, before, after, cause } = change
  if (change.key !== way.key) return breach('L2 the binding of another key was changed')
  if (what === 'released' || cause === 'restored') {
    if (!way.hasMade || route.kind !== 'refused')
      breach('L2 a binding was taken back that the request did not make')
    return
  }
  const to = (after as Entry).identity
  if (count(to) >= (court.setup.cap ?? Number.POSITIVE_INFINITY)) breach('L8 a cap was exceeded')
  if (!before) return
  if (cause === 'corrected' || cause === 'rebalanced' || cause === undefined) {
    return breach(`L2 a request moved its key (${cause})`)
  }
  const { identity } = before
  if (court.view.isUsable(identity) && !way.tried.has(identity))
    breach('L2 moved from an endpoint that is well')
  if (way.isOwn || way.isNext) return
  if (cause !== court.view.causeOf(identity)) breach(`L2 moved for ${cause}, which is not so`)
  if (!court.view.mayMove(before, cause)) breach('L6 moved too soon')
}

/** `stuck`, `refused lost` … that may be answered. */
function permitted(court: Court, decision: Decision): Set<string> {
  const may = permittedByState(court, decision)
  const { wasHeld, isAborted, tried } = decision.way
  // It may have been woken in between, and waited again for the rest of its time, for another endpoint of its key.
  for (const identity of wasHeld ? tried : []) {
    const forgiven = new Set([...tried].filter((other) => other !== identity))
    const way = { ...decision.way, tried: forgiven }
    for (const one of permittedByState(court, { ...decision, way })) may.add(one)
  }
  if (wasHeld && isAborted) may.add('refused hold-timeout')
  if (wasHeld && court.isClosed()) may.add('refused closed')
  return may
}

function permittedByState(court: Court, decision: Decision): Set<string> {
  const { way } = decision
  if (court.isClosed() && !way.isNext) return new Set(['refused closed'])
  const rules = new Rules(court, decision)
  if (way.key === undefined) return rules.orNobody('keyless')
  const before = boundBefore(decision)
  const isStale = way.isUnsure || way.wasHeld
  if (way.isNext && way.seen && way.isOwn && !isStale && (before === way.seen || !before))
    return rules.rebound()
  if (!way.isNext || !way.seen) return before ? rules.found(before) : rules.placed()
  // What the request knows may be outdated; the table sets it right where it is asked.
  const may = rules.found(way.seen)
  if (before !== way.seen) for (const one of before ? rules.found(before) : rules.placed()) may.add(one)
  // A request whose own binding was replaced learns it by the move that fails; without a place to move to it does not.
  const unsure = isStale ? rules.rebound() : way.isOwn ? rules.nowhere() : []
  for (const one of unsure) may.add(one)
  return may
}

function boundBefore({ changes, after }: Decision): Entry | undefined {
  return changes.length > 0 ? (changes[0] as Change).before : after
}

class Rules {
  readonly #court: Court
  readonly #decision: Decision
  readonly #candidates: Identity[]
  readonly #hasRoom: boolean
  readonly #isBound: boolean

  constructor(court: Court, decision: Decision) {
    this.#court = court
    this.#decision = decision
    const { cap = Number.POSITIVE_INFINITY } = court.setup
    this.#candidates = [...court.view.placeable()].filter((identity) => !decision.way.tried.has(identity))
    this.#isBound = boundBefore(decision) !== undefined
    this.#hasRoom = this.#candidates.some((identity) => decision.count(identity) < cap)
  }

  orNobody(...kinds: string[]): Set<string> {
    return new Set(this.#candidates.length > 0 ? kinds : ['refused no-endpoints'])
  }

  placed(): Set<string> {
    const { cap, onCapacity } = this.#court.setup
    if (!this.#hasRoom) return this.orNobody(onCapacity === 'unstored' ? 'overflow' : 'refused at-capacity')
    if (this.#decision.tableRefuses) return this.orNobody('fallback')
    return cap === undefined ? this.orNobody('bound') : this.orNobody('bound', 'overflow')
  }

  found(binding: Entry): Set<string> {
    const { view } = this.#court
    const { way } = this.#decision
    const isUsable = view.isUsable(binding.identity)
    if (isUsable && !way.tried.has(binding.identity)) return new Set(['stuck'])
    const may = this.#lost(binding, view.causeOf(binding.identity))
    // Waited for, it may be tried again.
    if (isUsable && way.wasHeld) may.add('stuck')
    return may
  }

  /** What may be answered where nobody can take the key. */
  nowhere(): Set<string> {
    return this.#hasRoom ? new Set() : this.rebound()
  }

  rebound(): Set<string> {
    if (!this.#hasRoom) {
      return this.orNobody(this.#court.setup.onCapacity === 'unstored' ? 'detour' : 'refused at-capacity')
    }
    if (!this.#isBound && this.#decision.tableRefuses) return this.orNobody('fallback')
    return this.#decision.way.nexts >= 8 ? this.orNobody('moved', 'detour') : this.orNobody('moved')
  }

  #lost(binding: Entry, cause: LossCause): Set<string> {
    const { setup, waiting, now } = this.#court
    const { holdUntil } = this.#decision.way
    const policy = setup.onLost[cause] ?? 'rebind'
    if (typeof policy === 'string') return this.#act(policy, binding, cause)
    if (policy.action === 'fail') return new Set([`refused lost ${policy.status}`])
    const { otherwise = 'fail', maxWaiting = 1_024 } = policy
    if (holdUntil === undefined || now() < holdUntil) {
      return new Set(waiting() >= maxWaiting ? ['refused queue-full'] : [])
    }
    return otherwise === 'fail' ? new Set(['refused hold-timeout']) : this.#act(otherwise, binding, cause)
  }

  #act(action: 'rebind' | 'detour' | 'fail', binding: Entry, cause: LossCause): Set<string> {
    if (action === 'fail') return new Set(['refused lost'])
    if (action === 'detour' || !this.#court.view.mayMove(binding, cause)) return this.orNobody('detour')
    return this.rebound()
  }
}

/** `stuck`, `refused lost 503`. */
export function brief(route: Route): string {
  if (route.kind !== 'refused') return route.kind
  return route.status === undefined ? `refused ${route.reason}` : `refused ${route.reason} ${route.status}`
}
