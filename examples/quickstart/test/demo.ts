import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** The demo as a user starts it: a process, what it has printed, and its end. */
export class Demo {
  readonly process: ChildProcess
  readonly exit: Promise<unknown[]>
  #output = ''
  #printed = (): void => undefined

  constructor(port: string) {
    this.process = spawn(process.execPath, ['--conditions=@limpet/source', 'main.ts'], {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      env: { ...process.env, PORT: port, NODE_OPTIONS: '' },
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

  type(line: string): void {
    this.process.stdin?.write(`${line}\n`)
  }

  /** Process ids of the pods by name. */
  pids(): Map<string, number> {
    const lines = this.#output.matchAll(/^(pod-\d+) runs as process (\d+)$/gm)
    return new Map([...lines].map(([, name, pid]) => [name as string, Number(pid)]))
  }
}

export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
