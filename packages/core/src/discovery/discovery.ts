import type { EndpointSet } from '../endpoint/endpoint-set.ts'

/**
 * A source of endpoint snapshots.
 *
 * @public
 */
export interface Discovery {
  /**
   * Watches until `signal` aborts.
   *
   * `listener` gets the first snapshot as soon as there is one (at once, within this call, where the source knows its
   * endpoints already) and another whenever something has changed, never two equal ones in a row and never one after
   * `signal` has aborted. Calls come one at a time. A source that fails tries again: stale endpoints beat none, so an
   * outage is never reported as an empty set. What it failed with is told to `failed`, if there is one, and not after
   * `signal` has aborted; with `asOf`, when its endpoints were last known to be right, if the source can tell.
   *
   * The promise resolves when watching has ended because `signal` aborted, with every timer and socket released. It
   * rejects only for what trying again cannot mend. Several watches on one discovery are independent of each other.
   */
  watch(
    listener: (set: EndpointSet) => void,
    signal: AbortSignal,
    failed?: (error: unknown, asOf?: number) => void,
  ): Promise<void>
}
