import type { SoakState } from './gateway.ts'

/** One look at the gateway. */
export interface Sample {
  readonly atMs: number
  readonly state: SoakState
}

/** What a soak came to. */
export interface Verdict {
  /** Of the samples after the first quarter, in MiB a minute, by least squares. */
  readonly rssSlope: number
  readonly rssFirst: number
  readonly rssLast: number
  /** What is wrong, as sentences; empty = the soak has passed. */
  readonly faults: readonly string[]
}

const MIB = 2 ** 20
/** The most that the resident set may grow over the measured part, as a part of what it was: caches and the heap breathe. */
const MOST_GROWTH = 0.1
/** A shorter run says nothing about growth: the heap is still finding its size. */
const LEAST_MS = 120_000

/** Judges the samples of a soak: the resident set is flat, nothing is left open at the end, and nothing unexpected came. */
export function verdictOf(samples: readonly Sample[], unexpected: ReadonlyMap<string, number>): Verdict {
  const start = samples[0] as Sample
  const end = samples.at(-1) as Sample
  const steady = samples.filter(({ atMs }) => atMs - start.atMs >= (end.atMs - start.atMs) / 4)
  const slope = slopeOf(steady) * 60_000
  const faults: string[] = []
  const minutes = (end.atMs - (steady[0] as Sample).atMs) / 60_000
  const grown = slope * minutes
  const first = (steady[0] as Sample).state.rss
  if (end.atMs - start.atMs >= LEAST_MS && grown > first * MOST_GROWTH) {
    faults.push(`the resident set grows: ${(slope / MIB).toFixed(2)} MiB a minute`)
  }
  if (end.state.inFlight !== 0) faults.push(`${end.state.inFlight} leases are open at the end`)
  if (end.state.handles > start.state.handles)
    faults.push(`${end.state.handles} handles at the end, ${start.state.handles} at the start`)
  if ((end.state.descriptors ?? 0) > (start.state.descriptors ?? 0)) {
    faults.push(`${end.state.descriptors} descriptors at the end, ${start.state.descriptors} at the start`)
  }
  for (const complaint of end.state.complaints) faults.push(`the gateway complained: ${complaint}`)
  for (const [outcome, count] of unexpected) faults.push(`${count} times ${outcome}`)
  return { rssSlope: slope / MIB, rssFirst: first / MIB, rssLast: end.state.rss / MIB, faults }
}

/** Bytes a millisecond. */
function slopeOf(samples: readonly Sample[]): number {
  const count = samples.length
  const meanAt = samples.reduce((sum, { atMs }) => sum + atMs, 0) / count
  const meanRss = samples.reduce((sum, { state }) => sum + state.rss, 0) / count
  let covariance = 0
  let variance = 0
  for (const { atMs, state } of samples) {
    covariance += (atMs - meanAt) * (state.rss - meanRss)
    variance += (atMs - meanAt) ** 2
  }
  return variance === 0 ? 0 : covariance / variance
}
