import { writeFileSync } from 'node:fs'
import { complaint, summary } from '../../test/proof/world/report.ts'
import { round } from '../../test/proof/world/rounds.ts'
import { proofOptions } from './options.ts'

// The long run of the proof: one round after another, each of the next seed, until the time is over or a law is broken.

const { minutes, seed, seconds, tables, keep } = proofOptions(process.argv.slice(2))
const endAt = performance.now() + minutes * 60_000
let requests = 0
let isBroken = false
let next = seed
do {
  for (const table of tables) {
    const lived = await round(table, next, seconds * 1_000)
    requests += lived.requests
    console.log(summary(table, lived))
    if (lived.violations.length === 0) continue
    isBroken = true
    console.log(complaint(lived))
    console.log(`  again: pnpm proof --minutes 0 --seed ${next} --seconds ${seconds} --table ${table}`)
    if (keep) writeFileSync(keep, lived.history.map((event) => `${JSON.stringify(event)}\n`).join(''))
  }
  next++
} while (!isBroken && performance.now() < endAt)
console.log(`${isBroken ? 'BROKEN' : 'kept'}: ${requests} requests, seeds ${seed} to ${next - 1}`)
if (isBroken) process.exitCode = 1
