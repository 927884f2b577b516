import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Order, Report } from './message.ts'

const MODULE = fileURLToPath(new URL('gateway.ts', import.meta.url))
/** A busy machine may take long to start a process. */
const WAIT_MS = 45_000

/** A process that runs a module of this folder and is stopped by its id. */
export function forkModule(path: string, args: readonly string[] = []): ChildProcess {
  const { NODE_OPTIONS: _, ...env } = process.env
  return fork(path, args, {
    execArgv: ['--conditions=@limpet/source'],
    env,
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  })
}

/** A gateway in a process of its own. It ends with this process, whose channel it watches. */
export class GatewayProcess implements AsyncDisposable {
  readonly #child: ChildProcess
  #errors = ''

  constructor() {
    this.#child = forkModule(MODULE)
    this.#child.stderr?.on('data', (chunk) => {
      this.#errors = (this.#errors + chunk).slice(-4_096)
    })
  }

  /** Resolves when it has sent the report that follows. Rejects with what it wrote if it ends before, or does not in time. */
  async ask(order: Order): Promise<Report> {
    const signal = AbortSignal.timeout(WAIT_MS)
    const answer = once(this.#child, 'message', { signal })
    const gone = once(this.#child, 'exit', { signal }).then(() => {
      throw new Error('it has ended')
    })
    gone.catch(() => undefined)
    this.tell(order)
    try {
      const [report] = await Promise.race([answer, gone])
      return report as Report
    } catch (cause) {
      answer.catch(() => undefined)
      throw new Error(`a gateway did not ${order.order}: ${this.#errors}`, { cause })
    }
  }

  tell(order: Order): void {
    if (this.#child.connected) this.#child.send(order)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exit = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exit
  }
}
