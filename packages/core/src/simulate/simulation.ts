import type { Change } from './change.ts'

/** What came of a simulation: immutable, and the same for the same arguments. @public */
export interface Simulation {
  /** Bindings that were held against each set of endpoints. */
  readonly bindings: number
  /** In the order of `mappings`. */
  readonly mappings: readonly MappingOutcome[]
}

/** What the changes did under one mapping. @public */
export interface MappingOutcome {
  /** Its name in `mappings`. */
  readonly mapping: string
  /** Where the bindings were before the first change. */
  readonly placed: Spread
  /** In the order of the changes; each begins where the one before has left the bindings. */
  readonly changes: readonly ChangeOutcome[]
}

/** How many bindings moved; a move that is not unneeded is needed. @public */
export interface Moves {
  /** Moves from one endpoint to another: `needed + unneeded`. */
  readonly moves: number
  /** Moves from an endpoint that went or to one that came, or where one of the two has got another weight. */
  readonly needed: number
  /** Moves between two endpoints that both stayed, with the same weight. */
  readonly unneeded: number
}

/** What one change did. @public */
export interface ChangeOutcome extends Moves {
  readonly change: Change
  /** Bindings that moved at least once. */
  readonly moved: number
  /** Bindings that are elsewhere afterwards than before: those that came back are not among them. */
  readonly elsewhere: number
  /** Identities that were there before and are not afterwards. */
  readonly lost: readonly string[]
  readonly steps: readonly StepOutcome[]
  readonly before: Spread
  readonly after: Spread
}

/** What one step of a change did. @public */
export interface StepOutcome extends Moves {
  /** Identities that went, that came, and that have got another weight in this step. */
  readonly gone: readonly string[]
  readonly come: readonly string[]
  readonly reweighted: readonly string[]
  /** Bindings that the mapping gives to nobody after this step. They count as moved only once another endpoint has them. */
  readonly unplaced: number
}

/** How the bindings are spread. @public */
export interface Spread {
  /**
   * The most that an endpoint has of what its weight entitles it to: 1.2 is a fifth too many. Of few bindings for each endpoint chance alone
   * makes much of it. 0 if no endpoint has a binding or a weight.
   */
  readonly peakToMean: number
  /** Bindings that nobody has. */
  readonly unplaced: number
  readonly endpoints: readonly EndpointShare[]
}

/** What one endpoint has. @public */
export interface EndpointShare {
  readonly identity: string
  readonly weight: number
  readonly bindings: number
}
