import { commonDivisor } from '../common-divisor.ts'
import type { Backend } from './backend.ts'
import { NodeRing } from './node-ring.ts'
import { type ServerLookup, SoleServer } from './server-lookup.ts'
import { type MapServer, SlotMap, soleBackup } from './slot-map.ts'

/** Who takes keys: the lookup over them, and their places in the config. */
export interface ServerChoice {
  readonly members: readonly number[]
  /** Undefined if nobody is usable. */
  readonly lookup: ServerLookup | undefined
}

/** The servers that take keys while some are down: the active ones, or, if none is usable, the first backup or all of them. */
export function serverChoice(
  backend: Backend,
  down: ReadonlySet<string>,
  before: ServerChoice | undefined,
): ServerChoice {
  const { servers, allBackups, hashType } = backend
  const active: number[] = []
  const backups: number[] = []
  servers.forEach(({ name, weight, isBackup, isDisabled }, index) => {
    if (weight > 0 && !isDisabled && !down.has(name)) (isBackup ? backups : active).push(index)
  })
  const members = active.length > 0 ? active : backups
  const [first] = members
  if (first === undefined) return { members, lookup: undefined }
  if (members.length === 1) return { members, lookup: new SoleServer(first) }
  const isMapped = hashType === 'map-based'
  if (members === backups && !allBackups) {
    const sole = isMapped ? soleBackup(mapServers(backend, backups)) : first
    return { members: [sole], lookup: new SoleServer(sole) }
  }
  return {
    members,
    lookup: isMapped ? new SlotMap(mapServers(backend, members)) : ring(backend, members, before),
  }
}

/** Made of the ring before, where that has every member on it: leaving nodes out is cheaper than placing them. */
function ring(backend: Backend, members: readonly number[], before: ServerChoice | undefined): NodeRing {
  if (before?.lookup instanceof NodeRing) {
    const had = new Set(before.members)
    if (members.every((index) => had.has(index))) {
      const kept = new Set(members)
      return before.lookup.without((index) => !kept.has(index))
    }
  }
  return NodeRing.of(
    members.map((index) => ({
      index,
      weight: weightOf(backend, index),
      base: backend.bases[index] as number,
    })),
  )
}

/** The divisor is that of all servers of the config, whoever is down. */
function mapServers(backend: Backend, members: readonly number[]): MapServer[] {
  const divisor = backend.servers.reduce((common, { weight }) => commonDivisor(common, weight), 0)
  return members.map((index) => ({ index, share: weightOf(backend, index) / divisor }))
}

function weightOf({ servers }: Backend, index: number): number {
  return (servers[index] as { readonly weight: number }).weight
}
