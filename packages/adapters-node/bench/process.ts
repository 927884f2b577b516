import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Answer } from './part.ts'

/** Whether processes are bound to cores: one core for the proxy under load, another for everything else. */
export const isPinned: boolean =
  availableParallelism() > 1 &&
  ['0', '1'].every((core) => spawnSync('taskset', ['-c', core, 'true']).status === 0)

/** The deprecated calls of http-proxy 1.18 warn once per process; the warnings would stand between the tables. */
const FLAGS = ['--conditions=@limpet/source', '--disable-warning=DEP0060', '--disable-warning=DEP0169']

interface Waiting {
  resolve(result: unknown): void
  reject(error: Error): void
}

/** A process of the benchmark: asked by method name, answered by `answer` in part.ts. */
export class Part {
  readonly #name: string
  readonly #child: ChildProcess
  readonly #ended: Promise<void>
  readonly #waiting = new Map<number, Waiting>()
  #lastId = 0

  constructor(name: string, child: ChildProcess) {
    this.#name = name
    this.#child = child
    child.on('message', (reply: Answer) => this.#answered(reply))
    this.#ended = new Promise((resolve) => {
      child.once('error', (error) => resolve(this.#failed(error.message)))
      child.once('exit', (code, signal) => resolve(this.#failed(`ended with ${signal ?? `code ${code}`}`)))
    })
  }

  /** The answer to one question; rejects if the method throws there or the process ends. */
  ask<T>(method: string, input?: unknown): Promise<T> {
    const id = ++this.#lastId
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as Waiting['resolve'], reject })
      this.#child.send({ id, method, input }, (error) => error && this.#failed(error.message))
    })
  }

  /** CPU time of the process so far, in microseconds. */
  cpu(): Promise<number> {
    return this.ask('cpu')
  }

  /** Ends the process: it sees its channel close, which leaves it time to write a profile; at last it is killed. */
  async stop(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect()
    const patience = setTimeout(() => this.kill(), 5_000)
    await this.#ended
    clearTimeout(patience)
  }

  /** Ends the process at once. */
  kill(): void {
    this.#child.kill('SIGKILL')
  }

  #answered(reply: Answer): void {
    const waiting = this.#waiting.get(reply.id)
    this.#waiting.delete(reply.id)
    if ('error' in reply) waiting?.reject(new Error(`${this.#name}: ${reply.error}`))
    else waiting?.resolve(reply.result)
  }

  #failed(reason: string): void {
    for (const waiting of this.#waiting.values()) waiting.reject(new Error(`${this.#name}: ${reason}`))
    this.#waiting.clear()
  }
}

/** Starts `bench/<file>` on a core. `flags`: more of node's and V8's. */
export function start(file: string, core: 0 | 1, flags: readonly string[] = []): Part {
  const script = fileURLToPath(new URL(file, import.meta.url))
  const command = [process.execPath, ...FLAGS, ...flags, script]
  if (isPinned) command.unshift('taskset', '-c', String(core))
  const [program = '', ...args] = command
  return new Part(file, spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }))
}
