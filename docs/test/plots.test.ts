import { readFileSync } from 'node:fs'
import { describe, expect, it, vi } from 'vitest'
import { barChart } from '../plots/bar-chart.ts'
import { MAPPINGS } from '../plots/mappings.ts'
import { pageWith, plotsOf } from '../plots/page.ts'
import { playedResults, type Results } from '../plots/results.ts'
import { CHECK_BINDINGS, PAGE_BINDINGS } from '../plots/scenarios.ts'
import { ROOT, textOf } from './snippets.ts'

vi.setConfig({ testTimeout: 60_000 })

const { shown, check } = JSON.parse(textOf('docs/plots/results.json')) as Record<'shown' | 'check', Results>

describe('the plots of simulate()', () => {
  it('show what the code does: fewer bindings, played again, give what was written beside them', async () => {
    expect(await playedResults(CHECK_BINDINGS)).toEqual(check)
  })

  it('show every mapping, with as many bindings as the script plays', () => {
    expect(shown.bindings).toEqual(PAGE_BINDINGS)
    const names = Object.keys(MAPPINGS)
    for (const { rows } of [...shown.scenarios, { rows: shown.peaks }]) {
      expect(rows.map(({ mapping }) => mapping)).toEqual(names)
    }
  })

  it('are drawn from these results, as are the tables of the page', () => {
    for (const [file, svg] of plotsOf(shown)) {
      expect(
        readFileSync(`${ROOT}docs/plots/${file}`, 'utf8') === svg,
        `docs/plots/${file}: pnpm docs:plots`,
      ).toBe(true)
    }
    const page = textOf('docs/guide/simulate.md')
    expect(pageWith(shown, page) === page, 'docs/guide/simulate.md: pnpm docs:plots').toBe(true)
  })
})

describe('a chart of bars', () => {
  const chart = {
    title: 'A & B',
    unit: 'apples',
    series: [
      { name: 'one', color: '#111111' },
      { name: 'two', color: '#222222' },
    ],
    format: String,
  }
  const bars = (svg: string, color: string) =>
    [
      ...svg.matchAll(
        new RegExp(`<rect x="([\\d.]+)" y="[\\d.]+" width="([\\d.]+)" height="\\d+" fill="${color}"/>`, 'g'),
      ),
    ]
      .slice(1)
      .map(([, x, width]) => [Number(x), Number(width)])

  it('puts the parts of a bar end to end', () => {
    const rows = [{ name: '<a>', values: [1, 3] }]
    const svg = barChart({ ...chart, layout: 'stacked', origin: 0, rows })
    const [[x, width]] = bars(svg, '#111111') as [[number, number]]
    const [[next, rest]] = bars(svg, '#222222') as [[number, number]]
    expect(next).toBeCloseTo(x + width, 0)
    expect(rest).toBeCloseTo(3 * width, 0)
    expect(svg).toContain('>&lt;a></text>')
    expect(svg).toContain('>A &amp; B</text>')
  })

  it('puts those of a group below each other, from the origin on', () => {
    const rows = [{ name: 'a', values: [1.5, 2] }]
    const svg = barChart({ ...chart, layout: 'grouped', origin: 1, rows })
    const [[x, width]] = bars(svg, '#111111') as [[number, number]]
    const [[next, rest]] = bars(svg, '#222222') as [[number, number]]
    expect(next).toBe(x)
    expect(rest).toBeCloseTo(2 * width, 0)
  })
})
