import type {
  EndpointSlice,
  SliceEndpoint,
} from '../../../../src/discovery/kubernetes/slices/endpoint-slice.ts'

/** What the model is asked for. */
export interface ModelOptions {
  readonly identity: 'name' | 'uid' | 'address'
  readonly families: readonly string[]
}

interface Row {
  readonly identity: string
  readonly pod: string
  readonly address: string
  readonly host: string
  readonly family: number
  readonly state: number
  readonly slice: string
}

/**
 * The endpoints of a Service, found from all its slices at once and not in steps: `identity host state`, in order. Written without
 * a look at how `ServiceEndpoints` does it; the slices are well-formed, with the one port 8080, and nothing is held.
 */
export function modelOf(slices: readonly EndpointSlice[], options: ModelOptions): string[] {
  const rows = slices.flatMap((slice) => rowsOf(slice, options))
  // A pod counts as it is listed in the most preferred family, and there as it is most usable.
  const pods = bestOf(
    rows,
    ({ pod }) => pod,
    (row) => [row.family, -row.state],
  )
  const identities = bestOf(
    pods,
    ({ identity }) => identity,
    (row) => [-row.state],
  )
  const addresses = bestOf(
    identities,
    ({ address }) => address,
    (row) => [-row.state],
  )
  return addresses.map(({ identity, host, state }) => `${identity} ${host} ${state}`).sort()
}

function rowsOf(slice: EndpointSlice, { identity, families }: ModelOptions): Row[] {
  const family = families.indexOf(slice.addressType)
  if (family === -1) return []
  return (slice.endpoints ?? []).map((endpoint) => {
    const host = endpoint.addresses[0] as string
    const address = slice.addressType === 'IPv6' ? `[${host}]:8080` : `${host}:8080`
    const { name, uid } = endpoint.targetRef ?? {}
    return {
      identity: { name, uid, address }[identity] ?? address,
      pod: uid ?? name ?? address,
      address,
      host,
      family,
      state: stateOf(endpoint),
      slice: slice.metadata.name,
    }
  })
}

function stateOf({ conditions }: SliceEndpoint): number {
  if (conditions?.terminating) return conditions.serving === false ? 0 : 2
  return conditions?.ready === false ? 1 : 3
}

/** Of the rows with one key, the one with the smallest rank; among equals the one whose text comes first. */
function bestOf(rows: readonly Row[], keyOf: (row: Row) => string, rankOf: (row: Row) => number[]): Row[] {
  const groups = Object.groupBy(rows, keyOf)
  return Object.values(groups).map((group) => {
    const ranked = (group ?? []).map((row) => {
      const text = [row.address, row.identity, row.pod, row.slice].map((part) => `${part}\u0000`).join('')
      return {
        row,
        sorting: [...rankOf(row).map((rank) => String(rank + 10).padStart(2, '0')), text].join('\u0000'),
      }
    })
    ranked.sort((one, other) => (one.sorting < other.sorting ? -1 : 1))
    return ranked[0]?.row as Row
  })
}
