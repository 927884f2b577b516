/** A part of a bar, or one of a group. */
export interface Series {
  readonly name: string
  readonly color: string
}

/** A chart of horizontal bars. */
export interface BarChart {
  readonly title: string
  /** What the bars measure. */
  readonly unit: string
  readonly series: readonly Series[]
  readonly rows: readonly BarRow[]
  /** Parts of one bar end to end, or bars of a group below each other. */
  readonly layout: 'stacked' | 'grouped'
  /** Where bars begin. */
  readonly origin: number
  /** What stands behind a bar. */
  readonly format: (value: number) => string
}

/** A row: its name, a value for each series, and what stands behind it (stacked only). */
export interface BarRow {
  readonly name: string
  readonly values: readonly number[]
  readonly note?: string
}

const WIDTH = 800
const LEFT = 265
const RIGHT = 150
const TOP = 78
const BAR = 16
const GROUPED_BAR = 9
const GAP = 9
const INK = '#1f2937'
const GRID = '#d1d5db'

/** Draws a chart as an SVG, on a ground of its own so that it can be read on a dark page, too. */
export function barChart(chart: BarChart): string {
  const perRow = chart.layout === 'stacked' ? BAR : GROUPED_BAR * chart.series.length
  const bottom = TOP + chart.rows.length * (perRow + GAP)
  const ticks = ticksOf(chart)
  const most = ticks.at(-1) as number
  const x = (value: number) =>
    round(LEFT + ((value - chart.origin) / (most - chart.origin)) * (WIDTH - LEFT - RIGHT))
  const parts = [
    `<rect width="${WIDTH}" height="${bottom + 34}" rx="8" fill="#ffffff"/>`,
    text(16, 26, chart.title, 'font-size="16" font-weight="600"'),
    ...legend(chart),
    ...ticks.map(
      (tick) =>
        `<line x1="${x(tick)}" y1="${TOP - 8}" x2="${x(tick)}" y2="${bottom}" stroke="${GRID}"/>` +
        text(x(tick), bottom + 18, chart.format(tick), 'font-size="11" text-anchor="middle"'),
    ),
    ...chart.rows.flatMap((row, index) => rowOf(chart, row, TOP + index * (perRow + GAP), x)),
  ]
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + 34}" width="${WIDTH}" height="${bottom + 34}" role="img" font-family="system-ui, sans-serif" fill="${INK}">`,
    `<title>${escaped(`${chart.title}: ${chart.unit}`)}</title>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n')
}

function legend({ series, unit }: BarChart): string[] {
  const parts = [text(16, 48, unit, 'font-size="12" fill="#4b5563"')]
  let left = LEFT
  for (const { name, color } of series) {
    parts.push(`<rect x="${left}" y="56" width="10" height="10" fill="${color}"/>`)
    parts.push(text(left + 15, 65, name, 'font-size="12"'))
    left += 40 + name.length * 7
  }
  return parts
}

function rowOf(chart: BarChart, row: BarRow, top: number, x: (value: number) => number): string[] {
  const { layout, origin, series, format } = chart
  const height = layout === 'stacked' ? BAR : GROUPED_BAR
  const middle = top + (layout === 'stacked' ? BAR : GROUPED_BAR * series.length) / 2 + 4
  const parts = [text(LEFT - 8, middle, row.name, 'font-size="12" text-anchor="end"')]
  let end = origin
  for (const [index, value] of row.values.entries()) {
    const from = layout === 'stacked' ? end : origin
    end = layout === 'stacked' ? end + value : value
    const y = layout === 'stacked' ? top : top + index * GROUPED_BAR
    const width = Math.max(0, round(x(end) - x(from)))
    parts.push(
      `<rect x="${x(from)}" y="${y}" width="${width}" height="${height - 1}" fill="${series[index]?.color}"/>`,
    )
    if (layout === 'grouped') parts.push(text(x(end) + 5, y + 8, format(value), 'font-size="9"'))
  }
  if (layout === 'stacked') parts.push(text(x(end) + 6, middle, row.note ?? format(end), 'font-size="12"'))
  return parts
}

/** Four to eight round numbers from the origin to above the longest bar. */
function ticksOf({ rows, layout, origin }: BarChart): number[] {
  const lengths = rows.map(({ values }) =>
    layout === 'stacked' ? values.reduce((sum, value) => sum + value, 0) : Math.max(...values) - origin,
  )
  const longest = Math.max(...lengths, 1e-9)
  const power = 10 ** Math.floor(Math.log10(longest))
  const step = [0.2, 0.5, 1, 2].map((factor) => factor * power).find((size) => longest / size <= 7) ?? power
  return Array.from({ length: Math.ceil(longest / step) + 1 }, (_, index) =>
    round(origin + index * step, 1e6),
  )
}

function text(x: number, y: number, words: string, attributes: string): string {
  return `<text x="${x}" y="${y}" ${attributes}>${escaped(words)}</text>`
}

function escaped(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}

function round(value: number, parts = 10): number {
  return Math.round(value * parts) / parts
}
