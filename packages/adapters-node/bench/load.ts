import { createHistogram, performance, type RecordableHistogram } from 'node:perf_hooks'
import type { LoadClient, LoadListener } from './load-client.ts'
import { LoadConnection } from './load-connection.ts'
import { loadStreams } from './load-stream.ts'
import { answer } from './part.ts'
import { BACKENDS, requestTemplate, sessionKey, WORKLOADS, type WorkloadName } from './workload.ts'

/** What `run.ts` asks of the load. */
export interface LoadOptions {
  /** Whose bindings are checked: what one proxy answered holds for all its rounds. */
  readonly proxy: string
  readonly port: number
  readonly workload: WorkloadName
  /** How many requests are under way at once. */
  readonly clients: number
  readonly keys: number
}

/** What was seen of one proxy in one stretch of time. */
export interface LoadResult {
  readonly requests: number
  readonly seconds: number
  /** Microseconds. */
  readonly p50: number
  readonly p99: number
  /** Responses that came from a key's backend again. */
  readonly repeats: number
}

/** How long a response may take once no more requests are sent. */
const PATIENCE_MS = 10_000

/** For each proxy, the backend that each key was first answered by; -1 = not seen yet. */
const bindings = new Map<string, Int8Array>()

class Load implements LoadListener {
  readonly #clients: readonly LoadClient[]
  /** Of the proxy and the workload, for messages. */
  readonly #name: string
  readonly #keys: readonly string[]
  readonly #bindings: Int8Array
  #nextKey = 0
  #histogram: RecordableHistogram = createHistogram()
  #requests = 0
  #repeats = 0
  #endsAt = 0
  #idle: LoadClient[] = []
  #finish: PromiseWithResolvers<void> | undefined = undefined
  #error: Error | undefined = undefined

  constructor({ proxy, port, workload, clients, keys }: LoadOptions) {
    this.#name = `${proxy}, ${workload}`
    this.#keys = Array.from({ length: keys }, (_, index) => sessionKey(index))
    this.#bindings = bindings.get(proxy) ?? new Int8Array(keys).fill(-1)
    bindings.set(proxy, this.#bindings)
    this.#clients = this.#open(port, workload, clients)
    this.#idle = [...this.#clients]
  }

  /** Keeps every client busy for a time, then waits for the answers that are out. */
  async run(seconds: number): Promise<LoadResult> {
    this.#histogram = createHistogram({ lowest: 1, highest: 60_000_000, figures: 3 })
    this.#requests = 0
    this.#repeats = 0
    if (this.#error) throw this.#error
    this.#finish = Promise.withResolvers()
    const startedAt = performance.now()
    this.#endsAt = startedAt + seconds * 1_000
    const late = () => this.failed(new Error(`no answer within ${PATIENCE_MS} ms`))
    const patience = setTimeout(late, seconds * 1_000 + PATIENCE_MS)
    for (const client of this.#idle.splice(0)) this.#send(client, startedAt)
    await this.#finish.promise.finally(() => clearTimeout(patience))
    return {
      requests: this.#requests,
      seconds: (performance.now() - startedAt) / 1_000,
      p50: this.#histogram.percentile(50),
      p99: this.#histogram.percentile(99),
      repeats: this.#repeats,
    }
  }

  answered(client: LoadClient, backend: number): void {
    const now = performance.now()
    this.#requests++
    this.#histogram.record(Math.max(1, Math.round((now - client.sentAt) * 1_000)))
    const bound = this.#bindings[client.key] as number
    if (bound < 0) this.#bindings[client.key] = backend
    else if (bound === backend) this.#repeats++
    else this.failed(new Error(`key ${client.key} moved from ${BACKENDS[bound]} to ${BACKENDS[backend]}`))
    if (now < this.#endsAt) {
      this.#send(client, now)
    } else {
      this.#idle.push(client)
      if (this.#idle.length === this.#clients.length) this.#finish?.resolve()
    }
  }

  failed(error: Error): void {
    this.#error ??= new Error(`${this.#name}: ${error.message}`)
    this.#finish?.reject(this.#error)
  }

  /** @throws Error what went wrong after the last answer, if something did */
  close(): void {
    if (this.#error) throw this.#error
    for (const client of this.#clients) client.close()
  }

  #open(port: number, name: WorkloadName, count: number): LoadClient[] {
    const workload = WORKLOADS[name]
    if (workload.transport === 'h2') return loadStreams(port, workload, count, this)
    const template = requestTemplate(workload)
    return Array.from({ length: count }, () => new LoadConnection(port, workload, template, this))
  }

  #send(client: LoadClient, now: number): void {
    const key = this.#nextKey
    this.#nextKey = (key + 1) % this.#keys.length
    client.send(key, this.#keys[key] as string, now)
  }
}

let load: Load | undefined

answer({
  open: (options: LoadOptions) => {
    load = new Load(options)
  },
  run: (seconds: number) => load?.run(seconds),
  close: () => load?.close(),
  /** How many backends a proxy has used. */
  used: (proxy: string) => new Set(bindings.get(proxy)?.filter((backend) => backend >= 0)).size,
})
