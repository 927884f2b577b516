import type { ProofEvent } from '../history/event.ts'

/**
 * What a history can break:
 *
 * - `one-winner`: a key was bound although a binding of it stood or was being made, or to a version that nobody made;
 * - `one-new-home`: a binding was moved that had been moved before, so that its key has two new homes;
 * - `needless-move`: a binding was moved from an endpoint that its gateway could use;
 * - `ping-pong`: a key was moved twice within the shortest interval between moves;
 * - `ended-early`, `ended-late`: a binding ended before its idle timeout, or lived on for more than a quarter longer;
 * - `absolute`: a binding outlived its absolute timeout;
 * - `divergence`: outside of declared outages, a request went elsewhere than where its key was bound;
 * - `other-hash`: two gateways that saw the same endpoints bound a key to different ones.
 */
export type Law =
  | 'one-winner'
  | 'one-new-home'
  | 'needless-move'
  | 'ping-pong'
  | 'ended-early'
  | 'ended-late'
  | 'absolute'
  | 'divergence'
  | 'other-hash'

/** A law that a history breaks, with the events that show it. */
export interface Violation {
  readonly law: Law
  readonly message: string
  readonly events: readonly ProofEvent[]
}
