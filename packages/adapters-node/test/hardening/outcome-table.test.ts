import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { http2Families } from './corpus/http2-requests.ts'
import { http2ResponseFamilies } from './corpus/http2-responses.ts'
import { requestFamilies, responseFamilies } from './corpus/index.ts'
import {
  http2Outcome,
  http2ResponseOutcome,
  outcomeTable,
  requestOutcome,
  responseOutcome,
} from './outcome-table.ts'

const PAGE = fileURLToPath(new URL('../../../../docs/guide/hardening.md', import.meta.url))
/** `WRITE_HARDENING_PAGE=1` writes the tables into the page instead of comparing them. */
const WRITES_PAGE = process.env.WRITE_HARDENING_PAGE === '1'

it.each([
  ['requests', outcomeTable(requestFamilies, requestOutcome)],
  ['responses', outcomeTable(responseFamilies, responseOutcome)],
  ['HTTP/2 requests', outcomeTable(http2Families, http2Outcome)],
  ['HTTP/2 responses', outcomeTable(http2ResponseFamilies, http2ResponseOutcome)],
])('the guide has the table of %s that the corpus tests', (name, table) => {
  const page = readFileSync(PAGE, 'utf8')
  const [before, rest = ''] = page.split(`<!-- corpus of ${name} -->\n\n`)
  const [written, after] = rest.split('\n\n<!-- end -->')
  if (WRITES_PAGE)
    writeFileSync(
      PAGE,
      [before, `<!-- corpus of ${name} -->\n\n`, table, rest.slice(written?.length)].join(''),
    )
  else expect(written).toBe(table)
  expect(after).toBeDefined()
})
