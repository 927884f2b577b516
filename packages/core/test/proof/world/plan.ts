import type { FaultKind } from '../history/event.ts'
import { type Chance, chance } from './random.ts'

/** What a world is to go through. */
export interface PlanOptions {
  readonly seed: number
  readonly durationMs: number
  readonly gateways: number
  readonly endpoints: number
  readonly keys: number
  /** Faults of the table that may happen; one after another. */
  readonly faults: readonly FaultKind[]
}

/** Something that happens at a time after the start; endpoints, gateways and keys by number. */
export type Step = { readonly at: number } & (
  | { readonly what: 'burst'; readonly keys: readonly (readonly number[])[] }
  | { readonly what: 'endpoint'; readonly endpoint: number; readonly state: 'dead' | 'alive' }
  /** Discovery tells one gateway which endpoints there are. */
  | { readonly what: 'discovery'; readonly gateway: number; readonly dead: readonly number[] }
  | { readonly what: 'begin' | 'end'; readonly fault: PlannedFault }
)

export interface PlannedFault {
  readonly id: string
  readonly kind: FaultKind
  /** The one gateway that it concerns; absent = all. */
  readonly gateway?: number
  /** Of a clock, how far it jumps. */
  readonly jumpMs?: number
  /** Of a clock: its gateway gets no requests around the jump. */
  readonly isIdle?: boolean
}

const BURST_EVERY_MS = 25
const BURST_KEYS = 24
const HOT_SHARE = 0.1
/** The time at the end without faults, in which everything has to agree again. */
export const CALM_MS = 1_200

/** Time before and after a jump of an idle gateway without requests to it. */
const IDLE_AROUND_MS = 250
const JUMPS_MS = [3_600_000, -3_600_000, 60_000, -60_000, 2_000, -2_000]

const ONE_GATEWAY: ReadonlySet<FaultKind> = new Set(['cut', 'stall', 'clock', 'wall-clock'])

/** The steps of a world in the order of their times; the same options give the same steps. */
export function planOf(options: PlanOptions): readonly Step[] {
  const failing = [...faults(options)]
  const all = [...withoutIdle(bursts(options), failing), ...endpointsDie(options), ...failing]
  return all.sort((a, b) => a.at - b.at)
}

/** Bursts that reach several gateways at once, many of their keys the same; some keys are hot. */
function* bursts({ seed, durationMs, gateways, keys }: PlanOptions): Iterable<Step> {
  const by = chance(seed)
  const hot = Math.ceil(keys * HOT_SHARE)
  for (let at = 0; at < durationMs; at += BURST_EVERY_MS) {
    const shared = Array.from({ length: BURST_KEYS }, () =>
      by.happens(0.3) ? by.between(0, hot - 1) : by.between(0, keys - 1),
    )
    const ofGateway = () =>
      by.happens(0.8) ? shared.map((key) => (by.happens(0.8) ? key : by.between(0, keys - 1))) : []
    yield { what: 'burst', at, keys: Array.from({ length: gateways }, ofGateway) }
  }
}

/** The bursts, without requests to gateways that are to be idle when their clock jumps. */
function* withoutIdle(bursts: Iterable<Step>, faults: readonly Step[]): Iterable<Step> {
  const jumps = faults.flatMap((step) => (step.what === 'begin' && step.fault.isIdle ? [step] : []))
  for (const burst of bursts) {
    const near = jumps.filter(({ at }) => Math.abs(at - burst.at) <= IDLE_AROUND_MS)
    if (burst.what !== 'burst' || near.length === 0) yield burst
    else {
      const isIdle = (gateway: number) => near.some(({ fault }) => fault.gateway === gateway)
      yield { ...burst, keys: burst.keys.map((keys, gateway) => (isIdle(gateway) ? [] : keys)) }
    }
  }
}

/** Endpoints die and come back, up to two at once; discovery tells each gateway after a while, and one of them late. */
function* endpointsDie(options: PlanOptions): Iterable<Step> {
  const { seed, durationMs, gateways, endpoints } = options
  const by = chance(seed + 0x10000)
  const dead = new Set<number>()
  const told: { at: number; gateway: number; dead: readonly number[] }[] = []
  const tell = (from: number) => {
    const late = by.happens(0.5) ? by.between(0, gateways - 1) : -1
    for (let gateway = 0; gateway < gateways; gateway++)
      told.push({
        at: from + (gateway === late ? by.between(200, 500) : by.between(0, 30)),
        gateway,
        dead: [...dead],
      })
  }
  const ends: { at: number; endpoint: number }[] = []
  let at = 300
  while (at < durationMs - CALM_MS - 800) {
    const alive = Array.from({ length: endpoints }, (_, index) => index).filter((index) => !dead.has(index))
    if (dead.size < 2) {
      const endpoint = by.of(alive)
      dead.add(endpoint)
      yield { what: 'endpoint', at, endpoint, state: 'dead' }
      tell(at)
      ends.push({ at: at + by.between(300, 800), endpoint })
    }
    at += by.between(250, 700)
    for (const end of ends.filter((end) => end.at <= at)) {
      ends.splice(ends.indexOf(end), 1)
      dead.delete(end.endpoint)
      yield { what: 'endpoint', at, endpoint: end.endpoint, state: 'alive' }
      tell(at)
    }
  }
  for (const { endpoint } of ends) {
    dead.delete(endpoint)
    yield { what: 'endpoint', at, endpoint, state: 'alive' }
    tell(at)
  }
  for (let gateway = 0; gateway < gateways; gateway++)
    yield* inOrder(told.filter((one) => one.gateway === gateway))
}

/** Discovery never tells older news after newer. */
function* inOrder(told: readonly { at: number; gateway: number; dead: readonly number[] }[]): Iterable<Step> {
  let earliest = 0
  for (const { at, gateway, dead } of told) {
    earliest = Math.max(earliest, at)
    yield { what: 'discovery', at: earliest, gateway, dead }
  }
}

function* faults({ seed, durationMs, gateways, faults: kinds }: PlanOptions): Iterable<Step> {
  if (kinds.length === 0) return
  const by = chance(seed + 0x20000)
  let at = by.between(600, 1_000)
  for (let number = 0; at < durationMs - CALM_MS - 600; number++) {
    const fault = plannedFault(
      by,
      `fault-${number}`,
      kinds[(seed + number) % kinds.length] as FaultKind,
      gateways,
    )
    const length = isClock(fault.kind) ? 0 : by.between(150, 600)
    yield { what: 'begin', at, fault }
    yield { what: 'end', at: at + length, fault }
    at += length + by.between(900, 1_400)
  }
}

/** A clock jumps, and that is it. */
export function isClock(kind: FaultKind): kind is 'clock' | 'wall-clock' {
  return kind === 'clock' || kind === 'wall-clock'
}

function plannedFault(by: Chance, id: string, kind: FaultKind, gateways: number): PlannedFault {
  return {
    id,
    kind,
    ...(ONE_GATEWAY.has(kind) && { gateway: by.between(0, gateways - 1) }),
    ...(isClock(kind) && { jumpMs: by.of(JUMPS_MS), isIdle: by.happens(0.5) }),
  }
}
