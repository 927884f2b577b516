import type { LossCause } from '../endpoint/availability.ts'
import type { RefusalReason, Route } from './route.ts'

/** Routes given since the pool was made, by kind; refusals and moves by their reason too. @public */
export interface RouteCountsSnapshot {
  readonly kinds: { readonly [Kind in Route['kind']]: number }
  readonly refused: { readonly [Reason in RefusalReason]?: number }
  /** Bindings moved: by a request, because the endpoint was lost; by a correction, because another served; by `rebalance`. */
  readonly moves: { readonly [Cause in MoveCause]?: number }
}

/** Why a binding was moved. @public */
export type MoveCause = LossCause | 'corrected' | 'rebalanced' | 'restored'

/** Counts what a pool answers. */
export class RouteCounts {
  readonly #kinds: { [Kind in Route['kind']]: number } = {
    stuck: 0,
    bound: 0,
    moved: 0,
    detour: 0,
    keyless: 0,
    overflow: 0,
    fallback: 0,
    refused: 0,
  }
  readonly #refused: { [Reason in RefusalReason]?: number } = {}
  readonly #moves: { [Cause in MoveCause]?: number } = {}

  route(route: Route): void {
    // Nearly every route is stuck, and a named property is a plain memory access.
    if (route.kind === 'stuck') this.#kinds.stuck++
    else this.#kinds[route.kind]++
    if (route.kind === 'refused') this.#refused[route.reason] = (this.#refused[route.reason] ?? 0) + 1
  }

  move(cause: MoveCause): void {
    this.#moves[cause] = (this.#moves[cause] ?? 0) + 1
  }

  snapshot(): RouteCountsSnapshot {
    return { kinds: { ...this.#kinds }, refused: { ...this.#refused }, moves: { ...this.#moves } }
  }
}
