import { parseArgs } from 'node:util'

/** What a soak does. */
export interface SoakOptions {
  readonly seconds: number
  /** Of everything that is left to chance: kinds of requests, keys, which pod is killed when. */
  readonly seed: number
  /** Clients at once. */
  readonly clients: number
  /** Bindings of the table, which is full from the start. */
  readonly entries: number
  readonly pods: number
  /** What memory may grow by after the warm-up, in MiB a minute. */
  readonly maxSlope: number
}

const USAGE =
  'usage: soak [--minutes 10] [--seed 1] [--clients 48] [--entries 1000000] [--pods 4] [--max-slope 0.5]'

/** @throws Error with the usage for anything it does not know */
export function soakOptions(args: readonly string[]): SoakOptions {
  const { values } = parseArgs({
    args: args.filter((arg) => arg !== '--'),
    options: {
      minutes: { type: 'string', default: '10' },
      seed: { type: 'string', default: '1' },
      clients: { type: 'string', default: '48' },
      entries: { type: 'string', default: '1000000' },
      pods: { type: 'string', default: '4' },
      'max-slope': { type: 'string', default: '0.5' },
    },
  })
  const number = (text: string, least: number) => {
    const value = Number(text)
    if (!(value >= least && value <= 1e8))
      throw new Error(`not a number of at least ${least}: ${text}\n${USAGE}`)
    return value
  }
  return {
    seconds: 60 * number(values.minutes, 0.05),
    seed: number(values.seed, 0),
    clients: number(values.clients, 1),
    entries: number(values.entries, 1_000),
    pods: number(values.pods, 2),
    maxSlope: number(values['max-slope'], 0),
  }
}
