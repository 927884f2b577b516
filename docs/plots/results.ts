import { simulate } from '@limpet/core/simulate'
import { MAPPINGS } from './mappings.ts'
import { POOL_SIZES, SCENARIOS } from './scenarios.ts'

/** What is drawn. */
export interface Results {
  readonly bindings: { readonly moves: number; readonly peaks: number }
  readonly scenarios: readonly ScenarioResult[]
  readonly peaks: readonly PeakResult[]
}

/** What a change moves, under each mapping. */
export interface ScenarioResult {
  readonly id: string
  readonly rows: readonly MovesRow[]
}

/** Parts of all bindings. */
export interface MovesRow {
  readonly mapping: string
  /** Moves that had to be, and that had not; each may be above 1 if there are several steps. */
  readonly needed: number
  readonly unneeded: number
  /** Bindings that are elsewhere afterwards. */
  readonly elsewhere: number
}

/** The largest share of a pod in the mean share, for each size of the pool. */
export interface PeakResult {
  readonly mapping: string
  readonly peakToMean: readonly number[]
}

/** Plays everything that the page shows. `tell` is called now and then. */
export async function playedResults(
  bindings: Results['bindings'],
  tell: (what: string, part: number) => void = () => {},
): Promise<Results> {
  const scenarios: ScenarioResult[] = []
  for (const { id, endpoints, change } of SCENARIOS) {
    const pool = { endpoints, bindings: bindings.moves, mappings: MAPPINGS }
    const onProgress = (progress: { done: number; total: number }) => tell(id, progress.done / progress.total)
    const { mappings } = await simulate(pool, [change], { onProgress })
    const rows = mappings.map(({ mapping, changes: [outcome] }) => ({
      mapping,
      needed: (outcome?.needed ?? 0) / bindings.moves,
      unneeded: (outcome?.unneeded ?? 0) / bindings.moves,
      elsewhere: (outcome?.elsewhere ?? 0) / bindings.moves,
    }))
    scenarios.push({ id, rows })
  }
  const peaks = Object.keys(MAPPINGS).map((mapping) => ({ mapping, peakToMean: [] as number[] }))
  for (const endpoints of POOL_SIZES) {
    const pool = { endpoints, bindings: bindings.peaks, mappings: MAPPINGS }
    const onProgress = (progress: { done: number; total: number }) =>
      tell(`shares of ${endpoints}`, progress.done / progress.total)
    const { mappings } = await simulate(pool, [], { onProgress })
    for (const [index, { placed }] of mappings.entries()) {
      peaks[index]?.peakToMean.push(Math.round(placed.peakToMean * 1e4) / 1e4)
    }
  }
  return { bindings, scenarios, peaks }
}
