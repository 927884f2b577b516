import type { Change } from '@limpet/core/simulate'

/** A change of a pool that is drawn as one plot. */
export interface Scenario {
  /** Name of the plot's file. */
  readonly id: string
  readonly title: string
  readonly endpoints: number
  readonly change: Change
}

/** What moves is played for. */
export const SCENARIOS: readonly Scenario[] = [
  { id: 'scale', title: '5 pods become 7', endpoints: 5, change: { kind: 'scale', to: 7 } },
  {
    id: 'remove',
    title: '1 of 10 pods goes for good',
    endpoints: 10,
    change: { kind: 'remove', endpoints: ['web-4'] },
  },
  {
    id: 'weight',
    title: '1 of 10 pods has weight 2 instead of 1',
    endpoints: 10,
    change: { kind: 'weight', endpoint: 'web-4', weight: 2 },
  },
  {
    id: 'restart',
    title: '10 pods of a StatefulSet restart one by one',
    endpoints: 10,
    change: { kind: 'restart' },
  },
]

/** Pods for which the peak of the shares is played. */
export const POOL_SIZES = [10, 100, 1_000] as const

/** Bindings that are played, for moves and for peaks: the peak of few would be chance. */
export const PAGE_BINDINGS = { moves: 1_000_000, peaks: 10_000_000 } as const
/** So few that a test plays them again, to tell whether the page still is what the code does. */
export const CHECK_BINDINGS = { moves: 1_000, peaks: 2_000 } as const
