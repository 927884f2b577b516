import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { programFolder, removeFolder } from '../real-program.ts'
import { RedisProcess, type RedisProgram } from './redis-process.ts'
import { type RedisServerOptions, writeConfig } from './server-config.ts'
import { stablePort } from './stable-port.ts'

/** A real server on loopback, with a folder and a port that it keeps over kills and restarts. `await using` stops it. */
export interface RedisServer extends AsyncDisposable {
  readonly port: number
  /** With the password of the default user, if there is one. */
  readonly url: string
  /** The certificate to trust of a server with TLS, as PEM. */
  readonly ca: string | undefined
  readonly folder: string
  /** Of the present run, or of the last one. */
  readonly pid: number
  readonly isRunning: boolean
  /** SIGKILL: what no file holds yet is lost. Resolves when the process is gone. */
  kill(): Promise<void>
  /** Starts it again, with the same folder and port. One that runs is asked to end first, as an operator would (SIGTERM). */
  restart(): Promise<void>
  /** SIGSTOP: connections stay open, and nothing is answered. */
  pause(): Promise<void>
  resume(): void
  /**
   * One command as the default user, by redis-cli. Rejects with the error that the server answers. Each is a connection of its own:
   * WAIT knows of no write before it.
   */
  cli(...args: string[]): Promise<string>
  /** Kills it and removes its folder. A second call does nothing. */
  stop(): Promise<void>
}

export interface RedisServerPlace {
  /** Default: `redis-server`. */
  readonly program?: RedisProgram
  /** Default: one that nobody listens on. */
  readonly port?: number
}

/** Arguments after the configuration file, and the line by which the server says that it is ready. */
interface Mode {
  readonly args: readonly string[]
  readonly ready: RegExp
}

const SERVER: Mode = { args: [], ready: /Ready to accept connections/ }
const SENTINEL: Mode = { args: ['--sentinel'], ready: /\+monitor master/ }

/** Starts a server. Throws with its output if it ends or is not ready within ten seconds. */
export function redisServer(options: RedisServerOptions & RedisServerPlace = {}): Promise<RedisServer> {
  return started(options, SERVER)
}

/** Starts a sentinel: `more` says what it watches. */
export function sentinelServer(options: RedisServerOptions & RedisServerPlace): Promise<RedisServer> {
  return started(options, SENTINEL)
}

async function started(
  options: RedisServerOptions & RedisServerPlace,
  { args, ready }: Mode,
): Promise<RedisServer> {
  const { program = 'redis-server', port = await stablePort(), requirepass, tls = false } = options
  const folder = programFolder()
  const { file, ca } = writeConfig(folder, port, options)
  const start = async () => {
    const process = new RedisProcess(program, [file, ...args], folder, ready)
    await process.ready()
    return process
  }
  let process = await start().catch((error) => {
    removeFolder(folder)
    throw error
  })
  const cli = ['-h', '127.0.0.1', '-p', `${port}`, '-e', '--no-auth-warning']
  if (requirepass) cli.push('-a', requirepass)
  if (tls) cli.push('--tls', '--cacert', join(folder, 'cert.pem'))

  const stop = async () => {
    await process.end('SIGKILL')
    removeFolder(folder)
  }
  return {
    port,
    url: `${tls ? 'rediss' : 'redis'}://${requirepass ? `:${requirepass}@` : ''}127.0.0.1:${port}`,
    ca,
    folder,
    get pid() {
      return process.pid
    },
    get isRunning() {
      return process.isRunning
    },
    kill: () => process.end('SIGKILL'),
    async restart() {
      await process.end('SIGTERM')
      process = await start()
    },
    pause: () => process.pause(),
    resume: () => process.resume(),
    cli: (...command) => runCli(program, [...cli, ...command]),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

async function runCli(program: RedisProgram, args: readonly string[]): Promise<string> {
  const name = program === 'valkey-server' ? 'valkey-cli' : 'redis-cli'
  try {
    const { stdout } = await promisify(execFile)(name, args, { timeout: 10_000 })
    return stdout.trimEnd()
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    throw new Error(`${stdout}${stderr}`.trim() || (error as Error).message, { cause: error })
  }
}
