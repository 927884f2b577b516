/** A value at a time in seconds. */
export interface Sample {
  readonly at: number
  readonly value: number
}

/** How much a value grows a minute: the slope of the line through the samples that is nearest to all (least squares). */
export function slopePerMinute(samples: readonly Sample[]): number {
  const mean = (of: (sample: Sample) => number) =>
    samples.reduce((sum, one) => sum + of(one), 0) / samples.length
  const [at, value] = [mean((sample) => sample.at), mean((sample) => sample.value)]
  const spread = mean((sample) => (sample.at - at) ** 2)
  return spread === 0 ? 0 : (60 * mean((sample) => (sample.at - at) * (sample.value - value))) / spread
}
