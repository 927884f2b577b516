import type { DrainOutcome } from '../../../src/endpoint/drains.ts'
import type { Identity } from '../../../src/endpoint/endpoint.ts'
import type { EndpointView, Known } from './endpoint-view.ts'
import type { Ledger } from './ledger.ts'
import type { Setup } from './setup.ts'

interface Drain {
  readonly known: Known | undefined
  readonly beganAt: number
  deadlineAt: number
  /** Since when nothing is bound, as far as was looked. */
  emptySince: number | undefined
}

/** Keys are counted so often. */
const LOOK_EVERY_MS = 250

/** The drains of one replica: each begins once, ends once, in time, and with the right words. */
export class DrainBook {
  readonly #setup: Setup
  readonly #view: EndpointView
  readonly #ledger: Ledger
  readonly #now: () => number
  readonly #underWay = new Map<Identity, Drain>()
  /** The deadline that the operator gives with the call under way. */
  #asked: { readonly identity: Identity; readonly deadlineAt: number | undefined } | undefined
  /** The pool is closed or about to be. */
  isClosing = false

  constructor(setup: Setup, view: EndpointView, ledger: Ledger, now: () => number) {
    this.#setup = setup
    this.#view = view
    this.#ledger = ledger
    this.#now = now
  }

  /** Runs the operator's call. */
  asked<T>(identity: Identity, deadlineMs: number | undefined, call: () => T): T {
    const deadlineAt = deadlineMs === undefined ? undefined : this.#now() + deadlineMs
    this.#asked = { identity, deadlineAt }
    const drain = this.#underWay.get(identity)
    if (drain && deadlineAt !== undefined) drain.deadlineAt = deadlineAt
    try {
      return call()
    } finally {
      this.#asked = undefined
    }
  }

  /** The operator's word no longer counts; discovery's may. */
  calledOff(identity: Identity): void {
    const drain = this.#underWay.get(identity)
    if (drain) drain.deadlineAt = Math.max(drain.beganAt + this.#setup.drainDeadlineMs, this.#now())
  }

  began(identity: Identity): void {
    if (this.#underWay.has(identity)) this.#ledger.breach(`L5 the drain of ${identity} began twice`)
    const known = this.#view.find(identity)
    if (!isDraining(known)) this.#ledger.breach(`L5 a drain of ${identity} began without need`)
    const now = this.#now()
    const isAsked = this.#asked?.identity === identity
    const deadlineAt = isAsked
      ? (this.#asked?.deadlineAt ?? Number.POSITIVE_INFINITY)
      : now + this.#setup.drainDeadlineMs
    this.#underWay.set(identity, { known, beganAt: now, deadlineAt, emptySince: undefined })
  }

  ended(identity: Identity, outcome: DrainOutcome): void {
    const drain = this.#underWay.get(identity)
    this.#underWay.delete(identity)
    if (!drain)
      return this.#ledger.breach(`L5 the drain of ${identity} ended (${outcome.kind}) and was not under way`)
    const count = this.#setup.counts ? this.#ledger.count(identity) : undefined
    const now = this.#now()
    const known = this.#view.find(identity)
    const isServing = known !== undefined && known === drain.known && known.pod !== 'terminated'
    const isRight = {
      drained: count === 0,
      deadline: now === drain.deadlineAt,
      gone: !isServing,
      undrained: this.isClosing || !isDraining(known),
    }[outcome.kind]
    if (!isRight) this.#ledger.breach(`L5 the drain of ${identity} ended as ${outcome.kind}`)
    if ('cut' in outcome && outcome.cut !== count) {
      this.#ledger.breach(`L5 the drain of ${identity} cut ${outcome.cut} keys, due are ${count}`)
    }
    if (outcome.waitedMs !== now - drain.beganAt) this.#ledger.breach(`L5 a drain waited ${outcome.waitedMs}`)
    if (outcome.kind !== 'deadline' || !known) return
    known.isCutByDiscovery = known.drain === 'none'
    known.drain = 'over'
  }

  /** Nothing is overdue. */
  look(): void {
    const now = this.#now()
    for (const [identity, drain] of this.#underWay) {
      if (now >= drain.deadlineAt) this.#ledger.breach(`L5 the drain of ${identity} outlasts its deadline`)
      if (!isDraining(drain.known)) this.#ledger.breach(`L5 the drain of ${identity} outlasts its cause`)
      const isEmpty = this.#setup.counts && this.#ledger.count(identity) === 0
      drain.emptySince = isEmpty ? (drain.emptySince ?? now) : undefined
      if (now - (drain.emptySince ?? now) > LOOK_EVERY_MS) {
        this.#ledger.breach(`L5 the drain of ${identity} outlasts its keys`)
      }
    }
    if (this.isClosing && this.#underWay.size > 0) this.#ledger.breach('L9 a drain outlasts its pool')
  }
}

function isDraining(known: Known | undefined): boolean {
  return known !== undefined && (known.drain !== 'none' || ['draining', 'terminated'].includes(known.pod))
}
