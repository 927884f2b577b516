// Every bench of core in turn, each in a process of its own: what one compiled and left in memory does not touch another.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

for (const bench of ['table', 'full', 'memory', 'route', 'allocations', 'near', 'placement', 'snapshots']) {
  const file = fileURLToPath(new URL(`${bench}.ts`, import.meta.url))
  const { status } = spawnSync(process.execPath, ['--conditions=@limpet/source', file], { stdio: 'inherit' })
  if (status !== 0) {
    process.exitCode = 1
    break
  }
}
