import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { untilInOneGo } from './in-one-go.ts'
import type { Order, Report, Script } from './script.ts'

const POD = fileURLToPath(new URL('./pod.ts', import.meta.url))

/** How a port of a pod is opened. */
export interface PortOptions {
  readonly name: string
  readonly script: Script
  /** An address of the loopback network. Ports of addresses that nobody else uses are given to nobody else. */
  readonly host: string
  /** Default: a free one. */
  readonly port?: number
  /** Connections that wait to be accepted, at most. Default 511, as in node. */
  readonly backlog?: number
}

/** What came to a port behind the heads of requests. */
export interface Counts {
  readonly bodyBytes: number
  readonly streamBytes: number
}

/** A port of a pod's process, which plays a script on each connection. */
export class PodPort {
  readonly name: string
  readonly host: string
  readonly port: number
  /** Heads of requests that came, and connections that were closed by both sides. */
  heads = 0
  closed = 0
  readonly #id: number
  readonly #process: PodProcess
  #listeners = new Set<() => void>()
  #waitsFor: 'word' | 'client' | undefined
  #last: Report | undefined

  constructor(id: number, process: PodProcess, { name, host }: PortOptions, port: number) {
    this.#id = id
    this.#process = process
    this.name = name
    this.host = host
    this.port = port
  }

  take(report: Report): void {
    if (report.report === 'head') this.heads++
    else if (report.report === 'closed') this.closed++
    else if (report.report === 'waiting') this.#waitsFor = report.for
    else this.#last = report
    for (const listener of this.#listeners) listener()
  }

  /** Resolves when the script waits, with what for. Never if it does not come to it. */
  async waiting(): Promise<'word' | 'client'> {
    await this.#until(() => this.#waitsFor !== undefined)
    return this.#waitsFor as 'word' | 'client'
  }

  /** Resolves when so many connections were closed by both sides. */
  async hasClosed(count: number): Promise<void> {
    await this.#until(() => this.closed >= count)
  }

  /** Counts what comes to the port of a process that was started in place of this one. */
  follow(other: PodPort): void {
    other.#listeners.add(() => {
      this.heads += other.heads
      other.heads = 0
    })
  }

  /** Lets the script go on. */
  go(): void {
    this.#process.order({ order: 'go', id: this.#id })
  }

  /** Connections are refused from now on. */
  async unlisten(): Promise<void> {
    this.#process.order({ order: 'unlisten', id: this.#id })
    await this.#until(() => this.#last?.report === 'unlistened')
  }

  /** What came, once no connection is left. */
  async count(): Promise<Counts> {
    this.#process.order({ order: 'count', id: this.#id })
    await this.#until(() => this.#last?.report === 'count')
    return this.#last as Report & Counts
  }

  async #until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      await new Promise<void>((resolve) => {
        const listener = () => {
          this.#listeners.delete(listener)
          resolve()
        }
        this.#listeners.add(listener)
      })
    }
  }
}

/** A pod as a process of its own. */
export class PodProcess {
  readonly #child: ChildProcess
  readonly #ports = new Map<number, PodPort>()
  readonly #opening = new Map<number, (port: number) => void>()
  #lastId = 0

  constructor() {
    this.#child = fork(POD, { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    this.#child.on('message', (report: Report) => {
      if (report.report === 'listening') this.#opening.get(report.id)?.(report.port)
      else this.#ports.get(report.id)?.take(report)
    })
  }

  /** Opens a port. */
  async listen(options: PortOptions): Promise<PodPort> {
    const id = ++this.#lastId
    const { name, script, host, port = 0, backlog = 511 } = options
    const opened = new Promise<number>((resolve) => this.#opening.set(id, resolve))
    this.order({ order: 'listen', id, name, host, port, backlog, script })
    const podPort = new PodPort(id, this, options, await opened)
    this.#ports.set(id, podPort)
    return podPort
  }

  order(order: Order): void {
    // A process that was killed takes no orders any more.
    if (this.#child.connected) this.#child.send(order, () => undefined)
  }

  /** SIGKILL; resolves when the process is gone, and its sockets with it. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exit = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exit
  }

  /** SIGSTOP; returns once the process stands still. Its kernel goes on accepting and receiving for it. */
  stop(): void {
    this.#child.kill('SIGSTOP')
    untilInOneGo(() => /\) T /.test(readFileSync(`/proc/${this.#child.pid}/stat`, 'latin1')))
  }
}
