import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'vitest'

/** A server program that suites run against. */
export type Program = 'nginx' | 'haproxy' | 'redis-server'

const PACKAGES: Readonly<Record<Program, string>> = {
  nginx: 'nginx',
  haproxy: 'haproxy',
  'redis-server': 'redis-server',
}

/** Debian puts servers into folders that are not on the path of every user. */
const PATH: string = `${process.env.PATH}:/usr/local/sbin:/usr/sbin:/sbin`

/**
 * A suite that needs a real program. Without the program it is skipped, with a line that says how to get it; in CI that is a failure.
 */
export function describeWith(program: Program, name: string, suite: () => void): void {
  const isThere = spawnSync(program, ['-v'], { env: { ...process.env, PATH } }).error === undefined
  if (isThere) {
    describe(name, suite)
    return
  }
  const how = `needs ${program}: apt-get install ${PACKAGES[program]}`
  if (process.env.CI) {
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

/** An empty folder for a program; `run` removes it at the end. */
export function programFolder(): string {
  return mkdtempSync(join(tmpdir(), 'limpet-'))
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
  const child = spawn(program, args, {
    cwd: folder,
    env: { ...process.env, PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
  const closed = once(child, 'close')
  let failed: Error | undefined
  child.once('error', (error) => (failed = error))
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    await closed
    rmSync(folder, { recursive: true, force: true })
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
