import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A program of the example as a user starts it: what it has printed, and its end. */
export class Run {
  readonly process: ChildProcess
  readonly exit: Promise<unknown[]>
  #output = ''
  #printed = (): void => undefined

  constructor(file: string, env: NodeJS.ProcessEnv = {}) {
    this.process = spawn(process.execPath, ['--conditions=@limpet/source', file], {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      env: { ...process.env, NODE_OPTIONS: '', ...env },
      stdio: 'pipe',
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

  /** Waits until it has printed this; the runner's own time-out bounds the wait. */
  printed(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve) => {
      this.#printed = () => {
        const match = pattern.exec(this.#output)
        if (match) resolve(match)
      }
      this.#printed()
    })
  }

  /** Types a line and waits for what it prints then. */
  async type(line: string, answer: RegExp): Promise<RegExpExecArray> {
    this.process.stdin?.write(`${line}\n`)
    return await this.printed(answer)
  }

  async kill(): Promise<void> {
    this.process.kill('SIGKILL')
    await this.exit
  }
}
