import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import type { SoakState } from '../../soak/gateway.ts'
import { verdictOf } from '../../soak/verdict.ts'

const SOAK = fileURLToPath(new URL('../../soak/soak.ts', import.meta.url))

it('a soak of seconds, with a pod killed, passes and tells what it has seen', {
  timeout: 120_000,
}, async () => {
  const args = [
    '--conditions=@limpet/source',
    SOAK,
    '--minutes',
    '0.12',
    '--clients',
    '8',
    '--entries',
    '1000',
  ]
  const soak = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  soak.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  const [code] = await once(soak, 'close')
  expect(text).toContain('passed')
  expect(text).toMatch(/\d+ × upgrade: ok/)
  expect(text).toMatch(/bindings 1000 /)
  expect(code).toBe(0)
})

it('an option that is no number is refused', async () => {
  const soak = spawn(process.execPath, ['--conditions=@limpet/source', SOAK, '--minutes', 'ten'], {
    stdio: 'ignore',
  })
  expect(await once(soak, 'close')).toEqual([2, null])
})

const MIB = 2 ** 20
const state = (rss: number, fields: Partial<SoakState> = {}): SoakState => ({
  rss: rss * MIB,
  heapUsed: 0,
  external: 0,
  descriptors: 25,
  handles: 3,
  inFlight: 0,
  bindings: 1,
  complaints: [],
  ...fields,
})
const minutes = (rss: readonly number[], last: Partial<SoakState> = {}) =>
  rss.map((size, index) => ({
    atMs: index * 60_000,
    state: state(size, index === rss.length - 1 ? last : {}),
  }))

it('a resident set that breathes is flat, and one that grows is a fault', () => {
  const flat = verdictOf(minutes([100, 150, 160, 155, 160, 152, 158]), new Map())
  expect(flat.faults).toEqual([])
  const grown = verdictOf(minutes([100, 150, 160, 170, 180, 190, 200]), new Map())
  expect(grown.rssSlope).toBeCloseTo(10)
  expect(grown.faults).toEqual(['the resident set grows: 10.00 MiB a minute'])
})

it('what is left open, complained of or unexpected is a fault', () => {
  const last = { inFlight: 1, handles: 4, descriptors: 26, complaints: ['warning: x'] }
  const { faults } = verdictOf(minutes([100, 100], last), new Map([['get: 502 (unexpected)', 2]]))
  expect(faults).toEqual([
    '1 leases are open at the end',
    '4 handles at the end, 3 at the start',
    '26 descriptors at the end, 25 at the start',
    'the gateway complained: warning: x',
    '2 times get: 502 (unexpected)',
  ])
})
