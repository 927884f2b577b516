import { isPromise } from '../../maybe-promise.ts'
import type {
  AdjustableTimeout,
  BindingList,
  BulkMove,
  BulkRelease,
  ConfirmedCounts,
  EndpointCounts,
  StatedTimeouts,
  TableSnapshots,
} from '../capabilities.ts'
import type { Binding, StickyTable, Version } from '../sticky-table.ts'
import type { NearTable } from './near-table.ts'

interface All
  extends EndpointCounts,
    ConfirmedCounts,
    BindingList,
    BulkRelease,
    BulkMove,
    TableSnapshots,
    StatedTimeouts,
    AdjustableTimeout {
  readonly size: number
}

type Wrapped = { readonly [Name in keyof All]: (near: NearTable, table: All) => All[Name] }

/** What is only handed on, and what changes bindings behind the near cache's back, which it then must not serve any more. */
const WRAPPED: Wrapped = {
  countByEndpoint: (_, table) => (identity) => table.countByEndpoint(identity),
  counts: (_, table) => () => table.counts(),
  isUnbound: (_, table) => (identity) => table.isUnbound(identity),
  list: (_, table) => (options) => table.list(options),
  snapshot: (_, table) => (options) => table.snapshot(options),
  releaseEndpoint: (near, table) => (identity, options) =>
    forgetting(
      near,
      (binding) => binding.identity === identity,
      () => table.releaseEndpoint(identity, options),
    ),
  clear: (near, table) => (options) =>
    forgetting(
      near,
      () => true,
      () => table.clear(options),
    ),
  restore: (near, table) => (pieces, options) =>
    forgetting(
      near,
      () => true,
      () => table.restore(pieces, options),
    ),
  moveSlice: (near, table) => (cursor, choose, most) => {
    const chosen = new Set<Version>()
    const noting = (binding: Binding, usedAt: number) => {
      const to = choose(binding, usedAt)
      if (to !== undefined) chosen.add(binding.version)
      return to
    }
    const doubt = () => {
      if (chosen.size > 0) near.doubtWhere(({ version }) => chosen.has(version))
    }
    const slice = table.moveSlice(cursor, noting, most)
    if (!isPromise(slice)) {
      doubt()
      return slice
    }
    return Promise.resolve(slice).finally(doubt)
  },
  setIdleTimeout: (_, table) => (idleTimeoutMs) => table.setIdleTimeout(idleTimeoutMs),
  size: (_, table) => table.size,
  idleTimeoutMs: (_, table) => table.idleTimeoutMs,
  absoluteTimeoutMs: (_, table) => table.absoluteTimeoutMs,
}

/** Gives the near cache what its table can do besides the contract of every table. */
export function passThrough(near: NearTable, table: StickyTable): void {
  for (const name of Object.keys(WRAPPED) as (keyof All)[]) {
    const its = Reflect.get(table, name) as unknown
    if (typeof its === 'function') {
      Object.defineProperty(near, name, { value: WRAPPED[name](near, table as unknown as All) })
    } else if (typeof its === 'number') {
      Object.defineProperty(near, name, { get: () => WRAPPED[name](near, table as unknown as All) })
    }
  }
}

/** Before and after: what is asked for while the work is under way may be of either. */
async function forgetting(
  near: NearTable,
  isMeant: (binding: Binding) => boolean,
  work: () => Promise<number>,
): Promise<number> {
  near.forgetWhere(isMeant)
  try {
    return await work()
  } finally {
    near.forgetWhere(isMeant)
  }
}
