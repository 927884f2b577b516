import { type Clock, systemClock } from '../../../clock.ts'
import type { EndpointInit, Identity } from '../../../endpoint/endpoint.ts'
import type { EndpointSet } from '../../../endpoint/endpoint-set.ts'
import type { StickyError } from '../../../error.ts'
import { Contest } from './contest.ts'
import type { EndpointSlice } from './endpoint-slice.ts'
import type { Fault } from './fault.ts'
import { FaultLog } from './fault-log.ts'
import { HeldEndpoints } from './held-endpoints.ts'
import { betterListing, betterPod, type ListedEndpoint } from './listed-endpoint.ts'
import { mergedSet } from './merged-set.ts'
import { PodWeights } from './pod-weights.ts'
import { readSlice, type SliceScope, sliceName } from './read-slice.ts'
import { checkedSliceOptions, type SliceOptions } from './slice-options.ts'
import { type HintMode, hintedZone, hintMode } from './topology-hints.ts'

/** What {@link ServiceEndpoints} reads, for which Service. */
export interface ServiceEndpointsOptions {
  readonly service: string
  readonly namespace: string
  /** The others, as the user gave them. */
  readonly slices?: SliceOptions
  /** Told, as `invalid-endpoint`, of what is malformed or missing in a slice, once while that lasts. Must not throw. */
  readonly failed: (error: StickyError) => void
  /** Default: the clock of this process. */
  readonly clock?: Clock
}

/**
 * The endpoints of one Service, joined from all its EndpointSlices. Told of slices as a watched collection is: `replaced`
 * by a list, `put`, `removed`. What they mean is found out by `take()`, for the endpoints that were touched: a slice among many costs the
 * reading of that slice.
 *
 * A slice counts by its name; an endpoint may stand in several while it moves. Three contests decide, one after the other: which
 * listing of a pod counts (an address for each family, duplicates), which pod has an identity (a restarted pod of a StatefulSet), and
 * which pod has an address (a leftover of a pod whose address another has got). The set is in the order of identities. So
 * it follows from the slices alone, and replicas agree.
 */
export class ServiceEndpoints {
  /** Where a watch of pods is told to; undefined where pods need not be watched. */
  readonly pods: PodWeights | undefined
  readonly #scope: SliceScope
  readonly #clock: Clock
  readonly #faults: FaultLog
  readonly #slices = new Map<string, readonly ListedEndpoint[]>()
  readonly #byPod: Contest<ListedEndpoint>
  readonly #byIdentity = new Contest<ListedEndpoint>(betterPod)
  readonly #byAddress = new Contest<ListedEndpoint>(betterPod)
  /** What is left of the contests. */
  readonly #listed = new Map<Identity, ListedEndpoint>()
  readonly #held: HeldEndpoints
  /** Pods whose weight is another now. */
  readonly #reweighted = new Set<string>()
  #mode: HintMode = 'none'
  #isListed = false
  #set: EndpointSet | undefined

  /** @throws StickyError `invalid-option` */
  constructor({ service, namespace, slices = {}, failed, clock = systemClock }: ServiceEndpointsOptions) {
    const options = checkedSliceOptions('kubernetes', slices)
    this.#scope = { service, namespace, options }
    this.#clock = clock
    this.#faults = new FaultLog(failed)
    this.#byPod = new Contest(betterListing(options.families))
    this.#held = new HeldEndpoints(options.moveGraceMs)
    if (options.podWeight !== undefined) {
      const changed = (pod: string) => this.#reweighted.add(pod)
      this.pods = new PodWeights({ source: options.podWeight, changed, failed })
    }
  }

  /** When `take()` has another answer though no slice has changed, as the clock tells it; undefined = never. */
  get dueAt(): number | undefined {
    return this.#held.dueAt
  }

  /** All slices of the Service, as a list tells them: those that are not among them are gone. */
  replaced(slices: readonly EndpointSlice[]): void {
    const present = new Set(slices.map(sliceName))
    for (const name of this.#slices.keys()) {
      if (!present.has(name)) this.#drop(name)
    }
    for (const slice of slices) this.put(slice)
    this.#isListed = true
  }

  put(slice: EndpointSlice): void {
    const name = sliceName(slice)
    if (name === undefined) return
    const faults: Fault[] = []
    const former = this.#slices.get(name) ?? NOTHING
    const next = readSlice(name, slice, this.#scope, former, faults)
    this.#faults.report(name, faults)
    this.#slices.set(name, next)
    this.#exchange(former, next)
  }

  removed(slice: EndpointSlice): void {
    const name = sliceName(slice)
    if (name !== undefined) this.#drop(name)
  }

  /**
   * The endpoints as they are now; undefined if they are as they were at the last call, or if no list was told yet. Endpoints that
   * are as before are the same objects.
   */
  take(): EndpointSet | undefined {
    if (!this.#isListed) return undefined
    const now = this.#clock.now()
    const isDue = now >= (this.#held.dueAt ?? Number.POSITIVE_INFINITY)
    if (this.#set && this.#byPod.isSettled && this.#reweighted.size === 0 && !isDue) return undefined
    const changed = this.#settle(now)
    const set = mergedSet(this.#set, this.#initsOf(changed))
    if (set === this.#set) return undefined
    this.#set = set
    return set
  }

  #drop(name: string): void {
    const former = this.#slices.get(name)
    if (!former) return
    this.#faults.report(name, [])
    this.#slices.delete(name)
    this.#exchange(former, NOTHING)
  }

  #exchange(former: readonly ListedEndpoint[], next: readonly ListedEndpoint[]): void {
    if (next === former) return
    const [before, after] = [new Set(former), new Set(next)]
    for (const endpoint of before) if (!after.has(endpoint)) this.#byPod.delete(endpoint.pod, endpoint)
    for (const endpoint of after) if (!before.has(endpoint)) this.#byPod.add(endpoint.pod, endpoint)
  }

  /** Lets the contests decide what was touched; answers the identities whose endpoint may be another now. */
  #settle(now: number): Set<Identity> {
    for (const { was, now: winner } of this.#byPod.settle()) {
      if (was) this.#byIdentity.delete(was.identity, was)
      if (winner) this.#byIdentity.add(winner.identity, winner)
    }
    for (const { was, now: winner } of this.#byIdentity.settle()) {
      if (was) this.#byAddress.delete(was.address, was)
      if (winner) this.#byAddress.add(winner.address, winner)
    }
    const verdicts = this.#byAddress.settle()
    const changed = new Set<Identity>()
    for (const { was } of verdicts) if (was) this.#listed.delete(was.identity)
    for (const { now: winner } of verdicts) {
      if (!winner) continue
      this.#listed.set(winner.identity, winner)
      this.#held.delete(winner.identity)
      changed.add(winner.identity)
    }
    for (const { was } of verdicts) {
      if (!was || this.#listed.has(was.identity)) continue
      this.#held.hold(was, now)
      changed.add(was.identity)
    }
    for (const gone of this.#held.expire(now, (address) => this.#byAddress.winner(address) !== undefined)) {
      changed.add(gone)
    }
    for (const pod of this.#reweighted) {
      const identity = this.#byPod.winner(pod)?.identity
      if (identity !== undefined) changed.add(identity)
    }
    this.#reweighted.clear()
    return this.#followHints() ? new Set([...this.#listed.keys(), ...this.#held.keys(), ...changed]) : changed
  }

  /** Finds out which hints count now; answers whether that has changed. */
  #followHints(): boolean {
    const { hints } = this.#scope.options
    if (!hints) return false
    const former = this.#mode
    this.#mode = hintMode([...this.#listed.values(), ...this.#held.values()], hints)
    return this.#mode !== former
  }

  #initsOf(identities: Iterable<Identity>): Map<Identity, EndpointInit | undefined> {
    const inits = new Map<Identity, EndpointInit | undefined>()
    for (const identity of identities) {
      const endpoint = this.#listed.get(identity) ?? this.#held.get(identity)
      inits.set(identity, endpoint && this.#initOf(endpoint))
    }
    return inits
  }

  #initOf(endpoint: ListedEndpoint): EndpointInit {
    const { identity, pod, host, port, spoken, conditions, weight, zone: ownZone } = endpoint
    const { hints } = this.#scope.options
    const zone = hints ? hintedZone(endpoint, this.#mode, hints) : ownZone
    const { protocol, httpVersion } = spoken
    return {
      identity,
      host,
      port,
      protocol,
      httpVersion,
      conditions,
      weight: this.pods?.get(pod) ?? weight,
      ...(zone !== undefined && { zone }),
    }
  }
}

const NOTHING: readonly ListedEndpoint[] = Object.freeze([])
