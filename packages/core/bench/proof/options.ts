import { parseArgs } from 'node:util'
import { PROVEN_TABLES, type ProvenTable } from '../../test/proof/world/rounds.ts'

/** What a proof does. */
export interface ProofOptions {
  /** Rounds are begun for so long; each has the next seed. */
  readonly minutes: number
  /** Of the first round. */
  readonly seed: number
  /** Length of a round, without the start of its processes. */
  readonly seconds: number
  /** One round after another on each of them. */
  readonly tables: readonly ProvenTable[]
  /** File for the history of a round that breaks a law. */
  readonly keep: string | undefined
}

const USAGE =
  'usage: proof [--minutes 10] [--seed 1] [--seconds 20] [--table TABLE] [--keep FILE], ' +
  `tables: ${PROVEN_TABLES.join(', ')}`

/** @throws Error with the usage for anything it does not know */
export function proofOptions(args: readonly string[]): ProofOptions {
  const { values } = parsed(args)
  const number = (name: string, text: string, least: number, most: number) => {
    const value = Number(text)
    if (value >= least && value <= most) return value
    throw new Error(`--${name}: not a number from ${least} to ${most}: ${text}\n${USAGE}`)
  }
  const table = PROVEN_TABLES.find((known) => known === values.table)
  if (values.table !== undefined && table === undefined)
    throw new Error(`--table: unknown: ${values.table}\n${USAGE}`)
  return {
    minutes: number('minutes', values.minutes, 0, 10_000),
    seed: number('seed', values.seed, 0, 2 ** 30),
    seconds: number('seconds', values.seconds, 3, 120),
    tables: table === undefined ? PROVEN_TABLES : [table],
    keep: values.keep,
  }
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: args.filter((arg) => arg !== '--'),
      options: {
        minutes: { type: 'string', default: '10' },
        seed: { type: 'string', default: '1' },
        seconds: { type: 'string', default: '20' },
        table: { type: 'string' },
        keep: { type: 'string' },
      },
    })
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${USAGE}`)
  }
}
