import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const FOLDER = fileURLToPath(new URL('..', import.meta.url))

/** A program of the example in a process of its own: what it has printed, and its end. */
export class Program {
  readonly process: ChildProcess
  readonly exit: Promise<unknown[]>
  #output = ''
  #printed = (): void => undefined

  constructor(command: readonly string[], env: Readonly<Record<string, string>>, folder: string = FOLDER) {
    const [file = '', ...args] = command
    const { PATH = '' } = process.env
    this.process = spawn(file === 'node' ? process.execPath : file, args, {
      cwd: folder,
      // No other variable: what a manifest does not tell, the program does not know.
      env: { PATH, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.exit = once(this.process, 'exit')
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text
        this.#printed()
      })
    }
  }

  get output(): string {
    return this.#output
  }

  /** Waits until it has printed this; throws with its output if it ends before. The runner's own time-out bounds the wait. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    const found = new Promise<RegExpExecArray>((resolve) => {
      this.#printed = () => {
        const match = pattern.exec(this.#output)
        if (match) resolve(match)
      }
      this.#printed()
    })
    const ended = this.exit.then(([code]) => {
      throw new Error(`ended with ${code}: ${this.#output}`)
    })
    return await Promise.race([found, ended])
  }

  async stop(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill('SIGKILL')
    await this.exit
  }
}
