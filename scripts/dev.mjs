// `npm start` and `npm test` on a fresh clone: runs pnpm under a supported Node.js, fetching either through npx when
// this machine lacks it, and installs what the lockfile names. No dependencies; runs on Node.js 18 and newer.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const { packageManager } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
const NODE = 'node@24.21.0'
const shell = process.platform === 'win32'

const [major, minor] = process.versions.node.split('.').map(Number)
const nodeIsSupported = (major === 22 && minor >= 19) || (major === 24 && minor >= 11) || major >= 26
const pnpmVersion = spawnSync('pnpm', ['--version'], { encoding: 'utf8', shell, cwd: root }).stdout?.trim()
const pnpmIsPinned = `pnpm@${pnpmVersion}` === packageManager
const prefix =
  nodeIsSupported && pnpmIsPinned
    ? ['pnpm']
    : ['npx', '--yes', ...(nodeIsSupported ? [] : ['--package', NODE]), '--package', packageManager, 'pnpm']

/** Runs pnpm in the foreground. Ctrl-C reaches the whole process group, so this parent only waits for the child's end. */
function pnpm(args) {
  const [command, ...rest] = [...prefix, ...args]
  const child = spawn(command, rest, { cwd: root, stdio: 'inherit', shell })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]))
  })
}

/** pnpm writes this file last, so a cut-off or outdated install is done again. */
function isInstalled() {
  const done = `${root}node_modules/.modules.yaml`
  return existsSync(done) && statSync(done).mtimeMs >= statSync(`${root}pnpm-lock.yaml`).mtimeMs
}

const install = isInstalled() ? 0 : await pnpm(['install', '--frozen-lockfile'])
process.exitCode = install === 0 ? await pnpm(process.argv.slice(2)) : install
