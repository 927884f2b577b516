// Every bench of core in turn, each in a process of its own: what one compiled and left in memory does not touch another.
// `--only table,hash` runs some of them.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const BENCHES = [
  'table',
  'full',
  'memory',
  'route',
  'allocations',
  'near',
  'placement',
  'snapshots',
  'slices',
  'envoy-key',
  'redis',
  'tracking',
  'redis-index',
  'kubernetes',
  'hash',
  'hash-build',
  'hash-quality',
]
const { values } = parseArgs({ options: { only: { type: 'string', default: BENCHES.join() } } })
const chosen = values.only.split(',')
for (const name of chosen)
  if (!BENCHES.includes(name)) throw new Error(`no bench ${name}; there are ${BENCHES.join()}`)

for (const bench of chosen) {
  const file = fileURLToPath(new URL(`${bench}.ts`, import.meta.url))
  const { status } = spawnSync(process.execPath, ['--conditions=@limpet/source', file], { stdio: 'inherit' })
  if (status !== 0) {
    process.exitCode = 1
    break
  }
}
