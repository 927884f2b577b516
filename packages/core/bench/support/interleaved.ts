/** One thing to measure: makes `operations` of them. */
export interface Contender {
  readonly name: string
  readonly run: (operations: number) => void
}

/** `BENCH_SHORT=1`: only proves that a benchmark runs; its figures mean nothing. */
export const isShort: boolean = process.env.BENCH_SHORT === '1'

const ROUNDS = isShort ? 3 : 31
const OPERATIONS = isShort ? 2_000 : 100_000

/**
 * Measures contenders in turn, round by round, so that a noisy neighbour or a changed clock rate meets all of them. Prints the
 * median time of each, and the median over the rounds of its time relative to the first, which is steadier than a
 * quotient of medians. `steps`: how many times longer than usual one operation takes, so that a run ends all the same.
 */
export function interleaved(title: string, contenders: readonly Contender[], steps = 1): void {
  const operations = Math.ceil(OPERATIONS / steps)
  for (const { run } of contenders) run(operations)
  const times = contenders.map((): number[] => [])
  for (let round = 0; round < ROUNDS; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      // Another one begins each round: what runs first after a collection of garbage is not always the same.
      const index = (turn + round) % contenders.length
      times[index]?.push(nanosecondsEach(contenders[index] as Contender, operations))
    }
  }
  console.log(`\n${title}`)
  for (const [index, { name }] of contenders.entries()) {
    const own = times[index] as number[]
    const ratios = own.map((time, round) => time / (times[0]?.[round] as number))
    console.log(
      `  ${name.padEnd(42)} ${median(own).toFixed(0).padStart(6)} ns   ${median(ratios).toFixed(2)}x`,
    )
  }
}

function nanosecondsEach({ run }: Contender, operations: number): number {
  const start = process.hrtime.bigint()
  run(operations)
  return Number(process.hrtime.bigint() - start) / operations
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[sorted.length >> 1] as number
}
