import { KINDS, type Kind } from './client.ts'
import type { Fault, FaultGroup } from './fault.ts'
import type { Outcome, Outcomes } from './outcome.ts'

const BEGIN = '<!-- measured: begin -->'
const END = '<!-- measured: end -->'

const COLUMNS: { readonly [K in Kind]: string } = {
  get: 'GET',
  kept: 'GET, kept connection',
  post: 'POST',
  stream: 'POST, streamed',
  upgrade: 'upgrade',
}

/** The page of the docs with its tables replaced by what was measured. */
export function withTables(
  page: string,
  groups: readonly FaultGroup[],
  measured: ReadonlyMap<Fault, Outcomes>,
): string {
  const begin = page.indexOf(BEGIN)
  const end = page.indexOf(END)
  if (begin < 0 || end < begin) throw new Error(`the page needs the lines ${BEGIN} and ${END}`)
  const tables = groups.map((group) => table(group, measured)).join('\n')
  return `${page.slice(0, begin + BEGIN.length)}\n\n${tables}\n${page.slice(end)}`
}

function table({ heading, faults }: FaultGroup, measured: ReadonlyMap<Fault, Outcomes>): string {
  const all = faults.map((fault) => measured.get(fault) ?? {})
  const kinds = KINDS.filter((kind) => all.some((outcomes) => outcomes[kind]))
  const lines = faults.map((fault, index) => {
    const outcomes = all[index] as Outcomes
    return [nameOf(fault), ...kinds.map((kind) => cell(outcomes[kind]))]
  })
  const rows = [
    ['the pod', ...kinds.map((kind) => COLUMNS[kind])],
    ['---', ...kinds.map(() => '---')],
    ...lines,
  ]
  return `## ${heading}\n\n${rows.map((cells) => `| ${cells.join(' | ')} |\n`).join('')}`
}

function nameOf({ name, limit }: Fault): string {
  return limit ? `${name}, until \`${limit}\`` : name
}

function cell(outcome: Outcome | undefined): string {
  if (!outcome) return ''
  const { client, read, key } = outcome
  // The page says so in one sentence, instead of every cell.
  if ((client === 'next pod') !== (key === 'moves'))
    throw new Error('the key moves exactly where the next pod serves')
  return `${client.replace(/^(\d+) ([a-z-]+)$/, '$1 `$2`')} · ${read.join(' + ')}`
}
