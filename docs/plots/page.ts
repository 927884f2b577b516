import { type BarChart, barChart } from './bar-chart.ts'
import type { MovesRow, Results } from './results.ts'
import { POOL_SIZES, SCENARIOS } from './scenarios.ts'

const BEGIN = '<!-- played: begin -->'
const END = '<!-- played: end -->'
const NEEDED = { name: 'had to move', color: '#2563eb' }
const UNNEEDED = { name: 'need not have moved', color: '#f97316' }
const SIZE_COLORS = ['#93c5fd', '#3b82f6', '#1e3a8a']

/** The plots by the name of their file. */
export function plotsOf({ scenarios, peaks }: Results): ReadonlyMap<string, string> {
  const charts: [string, BarChart][] = scenarios.map(({ id, rows }) => [
    `${id}.svg`,
    {
      title: titleOf(id),
      unit: 'Moves, in per cent of the bindings',
      series: [NEEDED, UNNEEDED],
      layout: 'stacked',
      origin: 0,
      format: percent,
      rows: rows.map(({ mapping, needed, unneeded }) => ({
        name: mapping,
        values: [needed, unneeded],
        note: unneeded === 0 ? percent(needed) : `${percent(needed + unneeded)} (${percent(unneeded)})`,
      })),
    },
  ])
  charts.push([
    'peaks.svg',
    {
      title: 'The pod with the most bindings',
      unit: 'Its bindings, in times the mean',
      series: POOL_SIZES.map((size, index) => ({
        name: `${size} pods`,
        color: SIZE_COLORS[index] as string,
      })),
      layout: 'grouped',
      origin: 1,
      format: (value) => value.toFixed(2),
      rows: peaks.map(({ mapping, peakToMean }) => ({ name: mapping, values: peakToMean })),
    },
  ])
  return new Map(charts.map(([file, chart]) => [file, barChart(chart)]))
}

/** The page with the results between its two marks. */
export function pageWith(results: Results, page: string): string {
  const [before, rest] = page.split(BEGIN)
  const after = rest?.split(END)[1]
  if (before === undefined || after === undefined) throw new Error(`the page lacks ${BEGIN} or ${END}`)
  return `${before}${BEGIN}\n\n${sectionsOf(results)}\n\n${END}${after}`
}

function sectionsOf({ bindings, scenarios, peaks }: Results): string {
  const sections = scenarios.map(({ id, rows }) =>
    [
      `### ${titleOf(id)}`,
      `![${titleOf(id)}: moves in per cent of the bindings](../plots/${id}.svg)`,
      table(['mapping', 'moves', 'of them unneeded', 'elsewhere afterwards'], rows.map(movesCells)),
    ].join('\n\n'),
  )
  const shares = [
    '### The pod with the most bindings',
    '![The bindings of the fullest pod, in times the mean](../plots/peaks.svg)',
    table(
      ['mapping', ...POOL_SIZES.map((size) => `${thousands(size)} pods`)],
      peaks.map(({ mapping, peakToMean }) => [mapping, ...peakToMean.map((peak) => peak.toFixed(3))]),
    ),
    `${thousands(bindings.peaks)} bindings here, ${thousands(bindings.moves)} above.`,
  ]
  return [...sections, shares.join('\n\n')].join('\n\n')
}

function movesCells({ mapping, needed, unneeded, elsewhere }: MovesRow): string[] {
  return [mapping, percent(needed + unneeded), unneeded === 0 ? '0' : percent(unneeded), percent(elsewhere)]
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_, index) => (index === 0 ? '---' : '---:'))), ...rows.map(line)].join(
    '\n',
  )
}

function titleOf(id: string): string {
  return SCENARIOS.find((scenario) => scenario.id === id)?.title ?? id
}

/** Three digits that count: 28.6 %, 0.514 %, 1 710 %. */
function percent(part: number): string {
  const value = part * 100
  return `${value >= 1_000 ? thousands(Math.round(value)) : Number(value.toPrecision(3))} %`
}

function thousands(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ' ')
}
