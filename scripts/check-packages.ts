// The packages as users get them: packed, linted, installed into an empty project outside the workspace, imported,
// required, type-checked and used for one round trip.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const folders = ['core', 'adapters-node', 'adapters-express']
const scratch = mkdtempSync(`${tmpdir()}/limpet-packages-`)

function run(cwd: string, command: string, ...args: string[]): void {
  console.log(`$ ${command} ${args.map((arg) => arg.replaceAll(scratch, '.')).join(' ')}`)
  const { status, error } = spawnSync(command, args, { cwd, stdio: 'inherit' })
  if (error) throw error
  if (status !== 0) throw new Error(`${command} ended with ${status}`)
}

const ROUND_TRIP = `
import { createServer } from 'node:http'
import { createSticky, header } from '@limpet/core'
import { forward } from '@limpet/adapters-node'
const listen = (listener) => new Promise((resolve) => {
  const server = createServer(listener).listen(0, '127.0.0.1', () => resolve(server))
})
const pod = await listen((request, response) => response.end(request.headers['x-session']))
const sticky = createSticky({ key: header('x-session'), endpoints: ['http://127.0.0.1:' + pod.address().port] })
const gateway = await listen(forward(sticky).request)
const answer = await fetch('http://127.0.0.1:' + gateway.address().port, { headers: { 'x-session': 'alice' } })
if ((await answer.text()) !== 'alice') throw new Error('no round trip')
process.exit(0)
`

const TYPES = `
import { createSticky, header, type Route } from '@limpet/core'
import { dnsDiscovery } from '@limpet/core/dns'
import { fileDiscovery } from '@limpet/core/file'
import { httpCheck } from '@limpet/core/health'
import { loadTable, saveTable } from '@limpet/core/snapshot-file'
import { fakeClock } from '@limpet/core/testing'
import { forward, type Forwarder } from '@limpet/adapters-node'
import { stickyProxy } from '@limpet/adapters-express'
const sticky = createSticky({ key: header('x'), endpoints: ['http://127.0.0.1:1'], clock: fakeClock() })
const route: Route | Promise<Route> = sticky.route({ headers: {} })
const forwarder: Forwarder = forward(sticky)
void [route, forwarder, stickyProxy(sticky), dnsDiscovery, fileDiscovery, httpCheck, loadTable, saveTable]
`

try {
  const tarballs: string[] = []
  for (const folder of folders) {
    run(`${root}packages/${folder}`, 'pnpm', 'pack', '--pack-destination', scratch)
    const tarball = readdirSync(scratch).find((file) => file.startsWith(`limpet-${folder}-`)) as string
    tarballs.push(`./${tarball}`)
    run(root, 'pnpm', 'exec', 'publint', `${scratch}/${tarball}`, '--strict')
    run(root, 'pnpm', 'exec', 'attw', `${scratch}/${tarball}`, '--profile', 'esm-only')
  }
  writeFileSync(`${scratch}/package.json`, JSON.stringify({ private: true, type: 'module' }))
  run(scratch, 'npm', 'install', '--no-audit', '--no-fund', '--no-package-lock', ...tarballs)
  writeFileSync(`${scratch}/round-trip.mjs`, ROUND_TRIP)
  run(scratch, 'node', 'round-trip.mjs')
  for (const folder of folders) {
    writeFileSync(
      `${scratch}/require.cjs`,
      `if (Object.keys(require('@limpet/${folder}')).length === 0) process.exit(1)`,
    )
    run(scratch, 'node', 'require.cjs')
  }
  for (const file of ['types.mts', 'types.cts']) writeFileSync(`${scratch}/${file}`, TYPES)
  const flags =
    '--noEmit --strict --module nodenext --moduleResolution nodenext --target es2023 --types node --skipLibCheck false'
  const typeRoots = ['--typeRoots', `${root}node_modules/@types`, '--lib', 'es2024,esnext.disposable']
  run(scratch, `${root}node_modules/.bin/tsc`, ...flags.split(' '), ...typeRoots, 'types.mts', 'types.cts')
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
