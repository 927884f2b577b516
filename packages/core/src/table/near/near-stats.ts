/** A near cache in numbers; those that count do so since it was made. @public */
export interface NearCacheStats {
  /** Keys remembered now. */
  readonly entries: number
  /** Look-ups answered from here. */
  readonly hits: number
  /** Questions put to the table, touches left out. */
  readonly asked: number
  /** Questions that shared the answer of another under way. */
  readonly shared: number
  /** Changes that the source told of. */
  readonly invalidated: number
  /** Keys forgotten for want of room. */
  readonly evicted: number
  /** Whether changes are told of now. */
  readonly isWatched: boolean
  /** Whether the table is taken for away: it failed for one key after another and has not answered since. */
  readonly isOutage: boolean
}
