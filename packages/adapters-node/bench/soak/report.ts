import { table } from '../table.ts'
import type { SoakedState } from './gateway.ts'
import type { SoakOptions } from './options.ts'
import { slopePerMinute } from './slope.ts'
import type { Tally } from './tally.ts'

/** A state, and how many seconds after the start it was. */
export interface SoakSample {
  readonly at: number
  readonly state: SoakedState
}

/** Everything that was measured. */
export interface Soak {
  readonly options: SoakOptions
  /** While traffic ran. */
  readonly samples: readonly SoakSample[]
  readonly before: SoakedState
  /** When everything had ended. */
  readonly after: SoakedState
  readonly tally: Tally
  readonly kills: number
}

const MIB = 1_024 * 1_024

/** Code is compiled and pools fill: what grows in this share of the run, at least a minute, is no leak. */
const WARM_UP_SHARE = 0.2
const LEAST_WARM_UP_S = 60
/** Fewer seconds than these after the warm-up do not tell a slope from noise. */
const LEAST_JUDGED_S = 120

/** What is wrong, one line each; empty = passed. */
export function faults({ options, samples, before, after, tally }: Soak): string[] {
  const wrong: string[] = []
  const judged = judgedOf(samples, options)
  if (judged.length > 0) {
    for (const [name, of] of GROWTHS) {
      const slope = slopePerMinute(judged.map(({ at, state }) => ({ at, value: of(state) }))) / MIB
      if (slope > options.maxSlope) {
        wrong.push(`${name} grows by ${slope.toFixed(2)} MiB a minute, more than ${options.maxSlope}`)
      }
    }
  }
  if (tally.unexpected > 0) wrong.push(`${tally.unexpected} errors for which no pod was killed`)
  if (after.descriptors !== before.descriptors) {
    wrong.push(`${after.descriptors} descriptors are open, before ${before.descriptors}`)
  }
  if (after.inFlight > 0) wrong.push(`${after.inFlight} leases are open`)
  for (const complaint of after.complaints) wrong.push(complaint)
  for (const { at, state } of samples) {
    if (state.bindings !== options.entries) {
      wrong.push(`the table is not full after ${at.toFixed(0)} s: ${state.bindings} of ${options.entries}`)
      break
    }
  }
  return wrong
}

const GROWTHS: readonly (readonly [string, (state: SoakedState) => number])[] = [
  ['RSS', ({ rss }) => rss],
  ['the heap', ({ heapUsed }) => heapUsed],
  ['memory outside the heap', ({ external }) => external],
]

/** Figures and errors as tables. */
export function report(soak: Soak): string {
  const { options, samples, before, after, tally, kills } = soak
  const judged = judgedOf(samples, options)
  const [first, last] = [judged[0] ?? samples[0], samples.at(-1)]
  const mib = (bytes: number | undefined) => ((bytes ?? 0) / MIB).toFixed(1)
  const figures = GROWTHS.map(([name, of]) => [
    `${name}, MiB`,
    mib(of(before)),
    mib(first && of(first.state)),
    mib(last && of(last.state)),
    mib(of(after)),
    judged.length === 0
      ? 'too short'
      : (slopePerMinute(judged.map(({ at, state }) => ({ at, value: of(state) }))) / MIB).toFixed(3),
  ])
  const counts = (name: string, of: (state: SoakedState) => number | undefined) =>
    [name, of(before), first && of(first.state), last && of(last.state), of(after), ''].map(String)
  const seconds = (sample: SoakSample | undefined) => `after ${(sample?.at ?? 0).toFixed(0)} s`
  const head = ['', 'before', seconds(first), seconds(last), 'when all has ended', 'MiB a minute']
  const handles = Object.entries(after.handles).map(([kind, count]) => `${count} ${kind}`)
  return [
    `${tally.requests} requests, ${kills} pods killed, ${after.moves} bindings moved, seed ${options.seed}`,
    table(head, [
      ...figures,
      counts('descriptors', ({ descriptors }) => descriptors),
      counts('in flight', ({ inFlight }) => inFlight),
      counts('bindings', ({ bindings }) => bindings),
    ]),
    `handles when all has ended: ${handles.join(', ')}`,
    table(['traffic', 'count', 'errors, a pod was killed', 'errors without reason'], errorRows(tally)),
  ].join('\n\n')
}

function errorRows({ kinds }: Tally): string[][] {
  return [...kinds].map(([kind, { count, errors }]) => {
    const named = (which: 'expected' | 'unexpected') =>
      [...errors]
        .flatMap(([error, counts]) => (counts[which] > 0 ? [`${counts[which]} ${error}`] : []))
        .join(', ')
    return [kind, String(count), named('expected'), named('unexpected')]
  })
}

function judgedOf(samples: readonly SoakSample[], { seconds }: SoakOptions): readonly SoakSample[] {
  const warmUp = Math.max(LEAST_WARM_UP_S, seconds * WARM_UP_SHARE)
  return seconds - warmUp < LEAST_JUDGED_S ? [] : samples.filter(({ at }) => at >= warmUp)
}
