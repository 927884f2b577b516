import type { SpokenProtocol } from '../../../endpoint/app-protocol.ts'
import type { Conditions, Identity } from '../../../endpoint/endpoint.ts'
import type { Family } from './slice-options.ts'

/** An endpoint as one slice lists it, checked. */
export interface ListedEndpoint {
  /** Name of the slice. */
  readonly slice: string
  /** What tells pods apart: uid, else name, else address. */
  readonly pod: string
  readonly identity: Identity
  readonly host: string
  readonly port: number
  /** Host and port: where only one process can listen. */
  readonly address: string
  readonly family: Family
  readonly spoken: SpokenProtocol
  readonly conditions: Conditions
  readonly weight: number
  readonly zone: string | undefined
  readonly forZones: readonly string[]
  readonly forNodes: readonly string[]
}

/** True if a slice says the same of an endpoint as it did before. */
export function isSameListed(one: ListedEndpoint, other: ListedEndpoint): boolean {
  return (
    one.pod === other.pod &&
    one.identity === other.identity &&
    one.address === other.address &&
    one.spoken === other.spoken &&
    one.conditions === other.conditions &&
    one.weight === other.weight &&
    one.zone === other.zone &&
    isSameList(one.forZones, other.forZones) &&
    isSameList(one.forNodes, other.forNodes)
  )
}

/**
 * Which of two listings of one pod counts, while it stands in two slices: the preferred address family first, as the slices
 * of both families are not written in one step and an endpoint must not change its address for that; then the more usable.
 */
export function betterListing(
  families: readonly Family[],
): (one: ListedEndpoint, other: ListedEndpoint) => boolean {
  return (one, other) => {
    const order = families.indexOf(one.family) - families.indexOf(other.family)
    return order === 0 ? betterPod(one, other) : order < 0
  }
}

/**
 * Which of two pods has an identity, or an address, that both are listed with: the more usable one. A leftover of a pod that
 * has ended is terminating or not ready, and an endpoint that is wrongly kept for a moment is found out by health, while one
 * wrongly missing loses its keys. Versions of objects are opaque, and two slices have no common time, so among equals the text
 * decides: every replica must come to the same end whatever order it saw.
 */
export function betterPod(one: ListedEndpoint, other: ListedEndpoint): boolean {
  const order = usability(other) - usability(one)
  return order === 0 ? textOf(one) < textOf(other) : order < 0
}

/** Takes new keys 3, bound keys 2, none for now 1, none any more 0. */
function usability({ conditions: { ready, serving, terminating } }: ListedEndpoint): number {
  if (terminating) return serving ? 2 : 0
  return ready ? 3 : 1
}

/** All that two listings can differ in. */
function textOf(endpoint: ListedEndpoint): string {
  const { address, identity, pod, slice, conditions, zone, weight, spoken, forZones, forNodes } = endpoint
  return JSON.stringify([address, identity, pod, slice, conditions, zone, weight, spoken, forZones, forNodes])
}

function isSameList(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((text, index) => text === other[index])
}
