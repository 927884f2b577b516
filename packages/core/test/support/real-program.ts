import { type ChildProcess, type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { afterAll, describe, it } from 'vitest'

/** A server program that suites run against. */
export type Program = 'nginx' | 'haproxy' | 'redis-server' | 'valkey-server'

const PACKAGES: Readonly<Record<Program, string>> = {
  nginx: 'nginx',
  haproxy: 'haproxy',
  'redis-server': 'redis-server',
  'valkey-server': 'valkey-server',
}

/** Not every Debian has it: CI installs it where there is a package, and goes without where there is none. */
const NOT_EVERYWHERE: ReadonlySet<Program> = new Set(['valkey-server'])

/** Debian puts servers into folders that are not on the path of every user. */
const PATH: string = `${process.env.PATH}:/usr/local/sbin:/usr/sbin:/sbin`

const ENV: NodeJS.ProcessEnv = { ...process.env, PATH }

/**
 * A suite that needs a real program. Without the program it is skipped, with a line that says how to get it; in CI that is a failure,
 * except for a program that some distributions do not have.
 */
export function describeWith(program: Program, name: string, suite: () => void): void {
  const isThere = spawnSync(program, ['-v'], { env: ENV }).error === undefined
  if (isThere) {
    describe(name, suite)
    return
  }
  const how = `needs ${program}: apt-get install ${PACKAGES[program]}`
  if (process.env.CI && !NOT_EVERYWHERE.has(program)) {
    it(name, () => {
      throw new Error(how)
    })
    return
  }
  console.warn(`skipped: ${name} (${how})`)
  describe.skip(`${name} (${how})`, suite)
}

/** A program that runs in a folder of its own until `stop`. */
export interface RunningProgram {
  readonly pid: number
  readonly folder: string
  /** Kills it by its process id, waits until it is gone, and removes its folder. */
  stop(): Promise<void>
}

const children = new Set<ChildProcess>()
const folders = new Set<string>()

/** For the tests that fail, hang, or are cut short, before they stop what they started. */
function endAll(): void {
  for (const child of children) child.kill('SIGKILL')
  folders.forEach(removeFolder)
}
process.once('exit', endAll)
try {
  // At the end of the test file: vitest does not always let its processes come to their own end.
  afterAll(endAll)
} catch {
  // Not in a test: a program that uses the same servers.
}

/** An empty folder for a program; `run` removes it at the end, and the end of this process what is left. */
export function programFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'limpet-'))
  folders.add(folder)
  return folder
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  folders.delete(folder)
}

/** Has the kernel kill the program when this process is gone, however it ended. Of util-linux: Linux only. */
const TIED: readonly string[] =
  spawnSync('setpriv', ['--pdeathsig', 'KILL', 'true'], { env: ENV }).status === 0
    ? ['setpriv', '--pdeathsig', 'KILL']
    : []

/** Starts a program that does not outlive this process. */
export function spawnTied(
  program: string,
  args: readonly string[],
  folder: string,
): ChildProcessByStdio<null, Readable, Readable> {
  const [command = program, ...rest] = [...TIED, program, ...args]
  const child = spawn(command, rest, { cwd: folder, env: ENV, stdio: ['ignore', 'pipe', 'pipe'] })
  children.add(child)
  child.once('close', () => children.delete(child))
  return child
}

/**
 * Starts a program in the foreground and waits until `isReady` is true; throws with what the program wrote if it ends before or
 * is not ready within ten seconds.
 */
export async function run(
  program: Program,
  args: readonly string[],
  folder: string,
  isReady: () => Promise<boolean>,
): Promise<RunningProgram> {
  const child = spawnTied(program, args, folder)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  const closed = once(child, 'close')
  let failed: Error | undefined
  child.once('error', (error) => (failed = error))
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    await closed
    removeFolder(folder)
  }
  const deadline = performance.now() + 10_000
  while (!(await isReady())) {
    if (failed || child.exitCode !== null || performance.now() > deadline) {
      await stop()
      throw new Error(`${program} did not start: ${failed?.message ?? output}`)
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return { pid: child.pid as number, folder, stop }
}

/** A port on loopback that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
