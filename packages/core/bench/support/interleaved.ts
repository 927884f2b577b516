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
 * Answers the median ratio of the times of any two by name.
 */
export function interleaved(
  title: string,
  contenders: readonly Contender[],
  steps = 1,
): (name: string, to: string) => number {
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
  const timesOf = (name: string) => times[contenders.findIndex((each) => each.name === name)] as number[]
  return (name, to) => {
    const others = timesOf(to)
    return median(timesOf(name).map((time, round) => time / (others[round] as number)))
  }
}

/** Prints a figure beside its goal, the most that it may be. */
export function goal(name: string, figure: number, most: number): void {
  const verdict = figure <= most ? 'met' : 'MISSED'
  console.log(
    `  ${name.padEnd(62)} ${shown(figure).padStart(9)}   goal ${shown(most).padStart(9)}   ${verdict}`,
  )
}

function shown(figure: number): string {
  return figure >= 1_000 ? figure.toLocaleString('en', { maximumFractionDigits: 0 }) : figure.toPrecision(3)
}

function nanosecondsEach({ run }: Contender, operations: number): number {
  const start = process.hrtime.bigint()
  run(operations)
  return Number(process.hrtime.bigint() - start) / operations
}

/** The middle one of the sorted values. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[sorted.length >> 1] as number
}
