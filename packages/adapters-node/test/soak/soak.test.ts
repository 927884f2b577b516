import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const SCRIPT = fileURLToPath(new URL('../../bench/soak/run.ts', import.meta.url))

async function soak(...args: string[]) {
  const child = spawn(process.execPath, ['--conditions=@limpet/source', SCRIPT, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [out, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { out, errors, code: child.exitCode }
}

it('a short soak with a full table has no errors without reason, and nothing is left behind', {
  timeout: 90_000,
}, async () => {
  const { out, errors, code } = await soak('--minutes', '0.15', '--entries', '20000', '--clients', '16')
  expect(errors).toBe('')
  expect(out).toMatch(/^ +2 s +\d+ requests +RSS [\d.]+ MiB .* errors 0 \(and \d+ of killed pods\)$/m)
  expect(out).toMatch(/^\| bindings \| 20000 \| 20000 \| 20000 \| 20000 \|/m)
  expect(out).toMatch(/^passed$/m)
  expect(code, out).toBe(0)
})

it('tells how it is used when it is asked for something else', async () => {
  const { errors, code } = await soak('--minutes', 'many')
  expect(errors).toContain('usage: soak [--minutes 10]')
  expect(code).toBe(1)
})
