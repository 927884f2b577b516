import type { Identity } from '../../src/endpoint/endpoint.ts'
import type { BulkMove, EndpointCounts } from '../../src/table/capabilities.ts'
import type { Binding, StickyTable } from '../../src/table/sticky-table.ts'
import type { FakeClock } from '../../src/testing/fake-clock.ts'

interface Row {
  binding: Binding
  usedAt: number
}

/** A plain table of this process that counts and moves in bulk; bindings never expire. */
export interface BulkTable extends StickyTable, EndpointCounts, BulkMove {
  /** Binds `count` keys to an endpoint: `<identity>-0` and so on. */
  fill(identity: Identity, count: number): void
  /** The identity that each key is bound to. */
  homes(): Map<string, Identity>
  readonly size: number
}

export function bulkTable(clock: FakeClock): BulkTable {
  const rows = new Map<string, Row>()
  let version = 0
  const bind = (key: string, identity: Identity, from?: Binding): Binding => {
    const now = clock.now()
    const moved = from && { movedAt: now }
    const createdAt = from?.createdAt ?? now
    const expiresAt = Number.POSITIVE_INFINITY
    const binding = { identity, version: ++version, createdAt, expiresAt, ...moved }
    rows.set(key, { binding, usedAt: from ? (rows.get(key)?.usedAt ?? now) : now })
    return binding
  }
  const use = (row: Row | undefined) => {
    if (row) row.usedAt = clock.now()
    return row?.binding
  }
  const counts = () => {
    const found = new Map<Identity, number>()
    for (const { binding } of rows.values())
      found.set(binding.identity, (found.get(binding.identity) ?? 0) + 1)
    return found
  }
  return {
    scope: 'process',
    lookup: (key) => use(rows.get(key)),
    claim(key, candidate) {
      const binding = use(rows.get(key))
      return binding ? { binding, created: false } : { binding: bind(key, candidate), created: true }
    },
    move(key, from, to) {
      const binding = use(rows.get(key))
      if (binding && binding.version !== from.version) return { binding, moved: false }
      return { binding: bind(key, to, binding), moved: true }
    },
    touch(key, binding) {
      if (rows.get(key)?.binding.version === binding.version) use(rows.get(key))
    },
    release: (key, from) => (!from || rows.get(key)?.binding.version === from.version) && rows.delete(key),
    countByEndpoint: (identity) => counts().get(identity) ?? 0,
    counts,
    moveSlice(cursor, choose, { examine, move }) {
      const keys = [...rows.keys()]
      let [at, moved] = [cursor, 0]
      for (; at < keys.length && at - cursor < examine && moved < move; at++) {
        const key = keys[at] as string
        const { binding, usedAt } = rows.get(key) as Row
        const to = choose(binding, usedAt)
        if (to === undefined) continue
        bind(key, to, binding)
        moved++
      }
      return { cursor: at < keys.length ? at : undefined, moved }
    },
    fill(identity, count) {
      for (let index = 0; index < count; index++) bind(`${identity}-${index}`, identity)
    },
    homes: () => new Map([...rows].map(([key, { binding }]) => [key, binding.identity])),
    get size() {
      return rows.size
    },
  }
}
