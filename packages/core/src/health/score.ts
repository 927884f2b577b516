import type { CheckSchedule } from './health-check.ts'

/** What the checks of an endpoint say; `unknown` until its first one has ended. */
export type Verdict = 'unknown' | 'passing' | 'failing'

/**
 * The verdict on one endpoint. The first check alone decides (HAProxy's `init-state up` and `down`: one check is enough to
 * leave it), since until then nothing at all is known; after that `rise` or `fall` results in a row change it.
 */
export class Score {
  verdict: Verdict = 'unknown'
  /** Results in a row that speak against the verdict. */
  #against = 0

  /** Counts one result. Answers whether the verdict has changed. */
  add(isHealthy: boolean, { rise, fall }: CheckSchedule): boolean {
    const spoken = isHealthy ? 'passing' : 'failing'
    if (spoken === this.verdict) {
      this.#against = 0
      return false
    }
    const needed = this.verdict === 'unknown' ? 1 : isHealthy ? rise : fall
    this.#against++
    if (this.#against < needed) return false
    this.verdict = spoken
    this.#against = 0
    return true
  }
}
