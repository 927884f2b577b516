import type { LossCause } from '../../../src/endpoint/availability.ts'
import type { EndpointInit, Identity } from '../../../src/endpoint/endpoint.ts'
import { POD_STATES, type PodState } from '../pod-states.ts'
import { pod } from '../pool.ts'
import type { Entry } from './ledger.ts'
import type { Setup } from './setup.ts'

/** What a replica must think of one endpoint. One that is back, or at another address, is another. */
export interface Known {
  readonly identity: Identity
  readonly address: string
  pod: PodState
  drain: 'none' | 'draining' | 'over'
  /** Over by the deadline of a drain that discovery alone had begun. */
  isCutByDiscovery: boolean
  weight: number | undefined
  connectFailures: number
  errors: number
  traffic: 'healthy' | 'ejected' | 'unreachable'
  ejections: number
  ejectedUntil: number
  suspectSince: number | undefined
  checks: 'unknown' | 'passing' | 'failing'
  /** Probes in a row that speak against the verdict. */
  against: number
}

export type Standing = 'ready' | 'draining' | LossCause

/** The endpoints as one replica must see them: what discovery, checks, traffic and the operator said, replayed. */
export class EndpointView {
  /** A closed pool ejects nobody. */
  isClosed = false
  readonly #setup: Setup
  readonly #now: () => number
  readonly #known = new Map<Identity, Known>()

  constructor(setup: Setup, now: () => number) {
    this.#setup = setup
    this.#now = now
  }

  get all(): Known[] {
    return [...this.#known.values()]
  }

  find(identity: Identity): Known | undefined {
    return this.#known.get(identity)
  }

  discover(identity: Identity, state: PodState | 'restarted'): void {
    const number = identity.slice('pod-'.length)
    const before = this.#known.get(identity)
    this.#known.delete(identity)
    if (state === 'absent') return
    const isMoved = state === 'restarted' && before !== undefined
    const address = isMoved ? `10.${Number(before.address.split('.')[1]) + 1}.0.${number}` : undefined
    const known = before && !isMoved ? before : newcomer(identity, address ?? `10.0.0.${number}`)
    known.pod = state === 'restarted' ? 'ready' : state
    if (known.isCutByDiscovery && known.pod !== 'draining' && known.pod !== 'terminated') {
      known.isCutByDiscovery = false
      known.drain = 'none'
    }
    this.#known.set(identity, known)
  }

  /** What discovery then says. */
  list(): EndpointInit[] {
    return this.all.map(({ identity, address: host, pod: state }) =>
      pod(Number(identity.slice('pod-'.length)), { ...POD_STATES[state], host }),
    )
  }

  connectFailed(known: Known): void {
    if (!this.#isListed(known)) return
    known.connectFailures++
    known.suspectSince ??= this.#now()
    if (known.connectFailures >= this.#setup.passive.connectFailures) this.#eject(known, 'unreachable')
  }

  answered(known: Known, isError: boolean): void {
    if (!this.#isListed(known)) return
    const { errors } = this.#setup.passive
    known.connectFailures = 0
    if (!isError || errors === false) this.#doesWell(known)
    else if (++known.errors >= errors) {
      known.suspectSince ??= this.#now()
      this.#eject(known, 'ejected')
    }
  }

  probed(known: Known, isHealthy: boolean): void {
    if (!this.#isListed(known)) return
    const spoken = isHealthy ? 'passing' : 'failing'
    if (spoken === known.checks) {
      known.against = 0
      return
    }
    known.against++
    const needed = known.checks === 'unknown' ? 1 : isHealthy ? this.#setup.rise : this.#setup.fall
    if (known.against < needed) return
    known.against = 0
    known.checks = spoken
    if (!isHealthy) known.suspectSince ??= this.#now()
    else if (known.traffic === 'unreachable') this.#letIn(known)
    if (isHealthy && known.traffic === 'healthy') known.suspectSince = undefined
  }

  /** Lets in again whose time is up. */
  tick(): void {
    for (const known of this.all) {
      if (known.traffic !== 'healthy' && known.ejectedUntil <= this.#now()) this.#letIn(known)
    }
  }

  get isPanic(): boolean {
    const isUnhealthy = this.all.some((known) => healthOf(known) !== 'healthy')
    return isUnhealthy && !this.all.some((known) => takesNew(known, healthOf(known)))
  }

  standing(identity: Identity): Standing {
    const known = this.#known.get(identity)
    return known ? standingOf(known, this.isPanic ? 'healthy' : healthOf(known)) : 'gone'
  }

  isUsable(identity: Identity): boolean {
    const standing = this.standing(identity)
    return standing === 'ready' || standing === 'draining'
  }

  /** Why the endpoint is lost to a request that failed there or finds it down. */
  causeOf(identity: Identity): LossCause {
    const standing = this.standing(identity)
    return standing === 'ready' || standing === 'draining' ? 'unreachable' : standing
  }

  /** Who takes new keys. */
  placeable(): Set<Identity> {
    const { isPanic } = this
    const taking = this.all.filter((known) => takesNew(known, isPanic ? 'healthy' : healthOf(known)))
    return new Set(taking.map(({ identity }) => identity))
  }

  /** Whether a lost key may be moved for good. */
  mayMove({ identity, movedAt }: Entry, cause: LossCause): boolean {
    if (movedAt !== undefined && this.#now() - movedAt < this.#setup.minMoveIntervalMs) return false
    const isSeenHereAlone = cause === 'ejected' || cause === 'unreachable'
    return this.#setup.scope === 'process' || !isSeenHereAlone || this.#isConfirmed(identity)
  }

  #isConfirmed(identity: Identity): boolean {
    const known = this.#known.get(identity)
    if (!known) return true
    const { afterMs, failures } = this.#setup.confirmLoss
    const looksLost = (one: Known) => one.suspectSince !== undefined || healthOf(one) !== 'healthy'
    if (this.all.filter(looksLost).length > this.all.length / 2) return false
    if (known.suspectSince === undefined) return false
    return this.#now() - known.suspectSince >= afterMs || known.connectFailures >= failures
  }

  #isListed(known: Known): boolean {
    return this.#known.get(known.identity) === known
  }

  #eject(known: Known, how: 'ejected' | 'unreachable'): void {
    const { maxEjectedShare } = this.#setup.passive
    const out = this.all.filter(({ traffic }) => traffic !== 'healthy').length
    const couldServe = this.all.filter((one) =>
      ['ready', 'draining'].includes(standingOf(one, 'healthy')),
    ).length
    if (this.isClosed || known.traffic !== 'healthy' || out + 1 > maxEjectedShare * couldServe) return
    known.ejections++
    known.ejectedUntil = this.#now() + this.#ejectionMs(known)
    known.traffic = how
  }

  #doesWell(known: Known): void {
    known.errors = 0
    if (healthOf(known) !== 'healthy') return
    known.suspectSince = undefined
    if (this.#now() >= known.ejectedUntil + this.#ejectionMs(known)) known.ejections = 0
  }

  #ejectionMs({ ejections }: Known): number {
    const { ejectionMs, maxEjectionMs } = this.#setup.passive
    return Math.min(ejections * ejectionMs, maxEjectionMs)
  }

  #letIn(known: Known): void {
    const { connectFailures, errors } = this.#setup.passive
    known.traffic = 'healthy'
    known.connectFailures = connectFailures - 1
    known.errors = errors === false ? 0 : errors - 1
  }
}

function newcomer(identity: Identity, address: string): Known {
  return {
    identity,
    address,
    pod: 'ready',
    drain: 'none',
    isCutByDiscovery: false,
    weight: undefined,
    connectFailures: 0,
    errors: 0,
    traffic: 'healthy',
    ejections: 0,
    ejectedUntil: 0,
    suspectSince: undefined,
    checks: 'unknown',
    against: 0,
  }
}

function healthOf({ checks, traffic }: Known): Known['traffic'] {
  return checks === 'failing' ? 'unreachable' : traffic
}

function standingOf({ pod: state, drain }: Known, health: Known['traffic']): Standing {
  if (state === 'terminated') return 'terminated'
  if (state === 'not ready') return 'not-ready'
  if (drain === 'over') return 'drained'
  if (health !== 'healthy') return health
  return drain === 'draining' || state === 'draining' ? 'draining' : 'ready'
}

function takesNew(known: Known, health: Known['traffic']): boolean {
  return standingOf(known, health) === 'ready' && weightOf(known) > 0
}

export function weightOf({ weight, pod: state }: Known): number {
  return weight ?? POD_STATES[state]?.weight ?? 1
}
