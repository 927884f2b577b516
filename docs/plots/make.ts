// Plays what `docs/guide/simulate.md` shows, and writes its plots, its tables and `results.json`, from which a test draws them again:
// `pnpm docs:plots`. With `--draw` it plays nothing and draws the results that are there.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { pageWith, plotsOf } from './page.ts'
import { playedResults, type Results } from './results.ts'
import { CHECK_BINDINGS, PAGE_BINDINGS } from './scenarios.ts'

const FOLDER = fileURLToPath(new URL('.', import.meta.url))
const RESULTS = `${FOLDER}results.json`
const PAGE = `${FOLDER}../guide/simulate.md`

let last = ''
const tell = (what: string, part: number) => {
  const line = `${what}: ${Math.floor(part * 20) * 5} %`
  if (line !== last) console.log(line)
  last = line
}

if (!process.argv.includes('--draw')) {
  const shown = await playedResults(PAGE_BINDINGS, tell)
  const check = await playedResults(CHECK_BINDINGS)
  writeFileSync(RESULTS, `${JSON.stringify({ shown, check }, undefined, 1)}\n`)
}
const { shown } = JSON.parse(readFileSync(RESULTS, 'utf8')) as { readonly shown: Results }
for (const [file, svg] of plotsOf(shown)) writeFileSync(`${FOLDER}${file}`, svg)
writeFileSync(PAGE, pageWith(shown, readFileSync(PAGE, 'utf8')))
