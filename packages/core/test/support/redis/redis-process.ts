import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { spawnTied } from '../real-program.ts'
import { until } from './until.ts'

/** Programs that speak Redis' protocol and take its configuration. */
export type RedisProgram = 'redis-server' | 'valkey-server'

const START_MS = 10_000
const KEPT_OUTPUT = 16_384

/** One run of a server program, from its start to its end. */
export class RedisProcess {
  readonly #child: ReturnType<typeof spawnTied>
  readonly #gone: Promise<unknown>
  readonly #ready: RegExp
  #output = ''
  #onOutput: () => void = () => {}

  constructor(program: RedisProgram, args: readonly string[], folder: string, ready: RegExp) {
    this.#ready = ready
    this.#child = spawnTied(program, args, folder)
    this.#gone = once(this.#child, 'close').catch((error) => {
      this.#output += error
    })
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream.on('data', (chunk) => {
        this.#output = (this.#output + chunk).slice(-KEPT_OUTPUT)
        this.#onOutput()
      })
  }

  get pid(): number {
    return this.#child.pid as number
  }

  get isRunning(): boolean {
    return this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Waits until the server says that it is ready. Kills it and throws with its output if it ends before, or is late. */
  async ready(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    await Promise.race([
      new Promise<void>((resolve) => {
        this.#onOutput = () => {
          if (this.#ready.test(this.#output)) resolve()
        }
        this.#onOutput()
        timer = setTimeout(resolve, START_MS)
      }),
      this.#gone,
    ])
    clearTimeout(timer)
    this.#onOutput = () => {}
    if (this.isRunning && this.#ready.test(this.#output)) return
    await this.end('SIGKILL')
    throw new Error(`the server did not start: ${this.#output}`)
  }

  /** Ends it by its process id, also when it is paused, and waits until it is gone. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if (this.isRunning) this.#child.kill(signal)
    const late = setTimeout(() => this.#child.kill('SIGKILL'), START_MS)
    await this.#gone
    clearTimeout(late)
  }

  /** Stops it without its notice; its sockets stay open and answer nothing. Resolves when it does not run any more. */
  async pause(): Promise<void> {
    this.#child.kill('SIGSTOP')
    await until('paused', () => stateOf(this.pid) !== 'running')
  }

  resume(): void {
    this.#child.kill('SIGCONT')
  }
}

/** What the kernel says of a process. Where there is no /proc it has to be taken as paused once the signal is sent. */
function stateOf(pid: number): 'running' | 'paused' {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('T') ? 'paused' : 'running'
  } catch {
    return 'paused'
  }
}
