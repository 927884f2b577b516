import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** The running pods of the demo, each a process. */
/** A pod that runs, as an endpoint. */
export interface StartedPod {
  readonly name: string
  readonly host: string
  readonly port: number
  readonly pid: number
}

export class Pods {
  readonly #processes = new Map<string, ChildProcess>()
  #started = 0

  /** Starts the next pod (`pod-1`, `pod-2` …) and answers where it listens. */
  async start(): Promise<StartedPod> {
    const name = `pod-${++this.#started}`
    const process = fork(fileURLToPath(new URL('pod.ts', import.meta.url)), [name])
    this.#processes.set(name, process)
    const failed = once(process, 'exit').then(([code]) => {
      throw new Error(`${name} ended with code ${code} before it listened`)
    })
    // Once it listens, its end is the user's doing.
    failed.catch(() => undefined)
    const [port] = await Promise.race([once(process, 'message'), failed])
    return { name, host: '127.0.0.1', port, pid: process.pid as number }
  }

  /** Kills a pod as a crash would: at once, with its requests. Answers whether there was one of that name. */
  kill(name: string): boolean {
    const process = this.#processes.get(name)
    this.#processes.delete(name)
    return process?.kill('SIGKILL') ?? false
  }

  killAll(): void {
    for (const name of [...this.#processes.keys()]) this.kill(name)
  }
}
