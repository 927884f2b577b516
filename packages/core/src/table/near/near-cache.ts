import type {
  BindingList,
  BulkMove,
  BulkRelease,
  ConfirmedCounts,
  EndpointCounts,
  LastKnown,
  StatedTimeouts,
  TableSnapshots,
} from '../capabilities.ts'
import type { StickyTable } from '../sticky-table.ts'
import { type NearCacheOptions, nearCacheSettings, tableOption } from './near-options.ts'
import type { NearCacheStats } from './near-stats.ts'
import { NearTable } from './near-table.ts'
import { passThrough } from './pass-through.ts'

/** A sticky table that remembers what another one answered. @public */
export interface NearCache extends StickyTable, LastKnown, AsyncDisposable {
  stats(): NearCacheStats
  /**
   * Stops watching for invalidations and forgets everything; the table itself stays open. Calls that come later are handed to the
   * table. Idempotent.
   */
  close(): Promise<void>
}

/** What a near cache hands on of what its table can do. @public */
export type HandedOn<T> = Handed<T, EndpointCounts> &
  Handed<T, ConfirmedCounts> &
  Handed<T, BindingList> &
  Handed<T, BulkRelease> &
  Handed<T, BulkMove> &
  Handed<T, TableSnapshots> &
  Handed<T, StatedTimeouts>

/** @public */
export type Handed<T, Capability> = T extends Capability ? Capability : unknown

/**
 * A bounded memory in this process of what a table answered, so that most requests of a bound key ask nobody: for a table that is
 * reached over a network. Whatever the table can do besides is handed on.
 *
 * A binding that it answers stood in the table at most `maxAgeMs` ago; while `invalidations` tell of changes, it had not been
 * told of any, and is at most `maxWatchedAgeMs` old. Claims and moves always go to the table, so that there is one winner, whatever is
 * remembered where. A key without binding is never remembered. Look-ups of one key at one time share one question.
 *
 * While the table fails, `lastKnown` tells the pool where a key was bound; afterwards all is asked for again. Uses are told to the
 * table when less than its idle timeout is left of a binding: for that it must keep bindings for longer, as shared tables do
 * (1.25 times).
 *
 * @throws StickyError `invalid-option`
 * @public
 */
export function nearCache<T extends StickyTable>(
  table: T,
  options: NearCacheOptions = {},
): NearCache & HandedOn<T> {
  tableOption(table)
  const settings = nearCacheSettings(options)
  const near = new NearTable(table, settings)
  passThrough(near, table)
  const stop = settings.invalidations?.watch({
    changed: (key) => near.changed(key),
    written: (key) => near.written(key),
    lost: () => near.watched(false),
    restored: () => near.watched(true),
  })
  const close = async () => {
    stop?.()
    near.retire()
  }
  return Object.assign(near, { close, [Symbol.asyncDispose]: close }) as unknown as NearCache & HandedOn<T>
}
