/** What an {@link Invalidations} source tells. Each call may come at any time, also while `watch` runs. @public */
export interface InvalidationListener {
  /**
   * The binding of this key was made, moved, released or refreshed, or has ended; undefined = that of any key may have been. To
   * tell too much costs a look-up each.
   */
  changed(key: string | undefined): void
  /**
   * The value of this key was written, by whomever: for a source that tells of each write, those of this replica, too. The first
   * that comes after this replica has put a claim is taken for that claim's own, if the claim bound the key, and empties nothing. So a
   * source that calls it calls it for each write between `restored` and `lost`, once or more, and for those of one key in their
   * order. Without it: `changed`.
   */
  written?(key: string): void
  /** From here on changes may go untold: the connection was lost, or messages were dropped. */
  lost(): void
  /** From here on every change is told. Without it a source counts as lost, from the start too. */
  restored(): void
}

/**
 * Tells which keys of a shared table are changed by others.
 *
 * Between `restored` and `lost` every change of every key that this replica may have asked for, claimed or moved is told, soon
 * after it happened; how soon is the source's own bound, and with it that of a near cache. A source that cannot be sure
 * says `lost`. Changes that this replica made itself need not be told.
 *
 * @public
 */
export interface Invalidations {
  /** Starts to tell `listener`; answers how to stop, which may be called more than once. */
  watch(listener: InvalidationListener): () => void
  /**
   * How the source names a key in `changed`, where it is not by the key itself: a table that stores fingerprints
   * of keys is told of those. Asked with each question to the table. Default: the key.
   */
  nameOf?(key: string): string
}
