import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { ChannelMessages } from '../../../src/channels.ts'
import type { Identity } from '../../../src/endpoint/endpoint.ts'
import { memoryTable } from '../../../src/table/memory.ts'
import { fakeClock } from '../../../src/testing/fake-clock.ts'
import type { PodState } from '../pod-states.ts'
import { Ledger } from './ledger.ts'
import { Replica } from './replica.ts'
import type { Faults, Setup } from './setup.ts'

/** One thing that happens. `way` counts the requests under way, modulo how many there are. */
export type Happening =
  | {
      readonly what: 'pod'
      readonly replicas: readonly number[]
      readonly pod: number
      readonly state: PodState | 'restarted'
    }
  | {
      readonly what: 'request'
      readonly replica: number
      readonly key: string | undefined
      readonly lease: boolean
    }
  | { readonly what: 'connect-failure' | 'done' | 'abort' | 'break'; readonly way: number }
  | {
      readonly what: 'answer'
      readonly way: number
      readonly status: number
      readonly servedBy: number | undefined
    }
  | {
      readonly what: 'drain'
      readonly replica: number
      readonly pod: number
      readonly deadlineMs: number | undefined
    }
  | { readonly what: 'undrain'; readonly replica: number; readonly pod: number }
  | {
      readonly what: 'weight'
      readonly replica: number
      readonly pod: number
      readonly weight: number | undefined
    }
  | { readonly what: 'check'; readonly replica: number; readonly pod: number; readonly isHealthy: boolean }
  | { readonly what: 'time'; readonly ms: number }

export const IDLE = 4_000
export const ABSOLUTE = 20_000
/** Time passes in steps, between which promises are followed. */
const STEP_MS = 250

/** A law that did not hold, in one line for each breach. */
export class LawBroken extends Error {}

/** Pools on one table, all that happens to them, and the laws they keep. */
export class World {
  readonly #clock = fakeClock()
  readonly #table: ReturnType<typeof memoryTable>
  readonly #ledger: Ledger
  readonly #replicas: Replica[]
  readonly #subscriptions: (() => void)[] = []

  constructor(setup: Setup, faults: Faults = {}) {
    const { maxEntries, whenFull, scope } = setup
    const clock = this.#clock
    const timeouts = { idleTimeoutMs: IDLE, absoluteTimeoutMs: ABSOLUTE }
    const table = memoryTable({ ...timeouts, maxEntries, whenFull, clock })
    this.#table = faults.table?.(table) ?? table
    this.#ledger = new Ledger({ now: clock.now, idleMs: IDLE, absoluteMs: ABSOLUTE, maxEntries, whenFull })
    const shared = { clock, ledger: this.#ledger, table: this.#table, faults }
    const numbers = scope === 'process' ? [0] : [0, 1]
    this.#replicas = numbers.map((number) => new Replica(number, setup, shared))
    this.#listen('limpet:route', (replica, { route }) => replica.told(route))
    this.#listen('limpet:move', (replica, { cause }) => replica.moved(cause))
    this.#listen('limpet:drain', (replica, { identity }) => replica.drains.began(identity))
    this.#listen('limpet:drained', (replica, { identity, outcome }) =>
      replica.drains.ended(identity, outcome),
    )
  }

  /** Replays a history, ends everything, and throws at the first breach. */
  async live(history: readonly Happening[]): Promise<void> {
    try {
      for (const happening of history) {
        await this.#happen(happening)
        await this.#settle()
      }
      await this.#end()
    } finally {
      for (const end of this.#subscriptions) end()
      await Promise.all(this.#replicas.map((replica) => replica.sticky.close()))
    }
  }

  async #happen(happening: Happening): Promise<void> {
    if (happening.what === 'time') return this.#pass(happening.ms)
    if (happening.what === 'pod') {
      for (const number of happening.replicas)
        this.#replica(number).discover(name(happening.pod), happening.state)
      return
    }
    if ('way' in happening) return this.#onWay(happening)
    const replica = this.#replica(happening.replica)
    switch (happening.what) {
      case 'request':
        return replica.request(happening.key, happening.lease)
      case 'drain':
        return replica.drain(name(happening.pod), happening.deadlineMs)
      case 'undrain':
        return replica.undrain(name(happening.pod))
      case 'weight':
        return replica.setWeight(name(happening.pod), happening.weight)
      case 'check':
        return replica.probes.willFind(name(happening.pod), happening.isHealthy)
    }
  }

  #onWay(happening: Happening & { readonly way: number }): void {
    const ways = this.#replicas.flatMap((replica) => replica.ways.map((way) => ({ replica, way })))
    const chosen = ways[happening.way % ways.length]
    if (!chosen) return
    const { replica, way } = chosen
    switch (happening.what) {
      case 'connect-failure':
        return replica.fail(way)
      case 'answer':
        return replica.answer(way, {
          status: happening.status,
          ...(happening.servedBy !== undefined && { servedBy: name(happening.servedBy) }),
        })
      case 'break':
        return replica.answer(way, { error: new Error('ECONNRESET') })
      case 'abort':
        return replica.abort(way)
      case 'done':
        return replica.end(way)
    }
  }

  async #pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= STEP_MS) {
      this.#clock.advance(Math.min(left, STEP_MS))
      for (const { view } of this.#replicas) view.tick()
      await this.#settle()
    }
  }

  /** Follows every promise, then looks whether all stands as it must. */
  async #settle(): Promise<void> {
    await turns()
    for (const replica of this.#replicas) while (replica.probes.endFirst(replica.view)) await turns()
    for (const replica of this.#replicas) replica.look()
    const counts = [...this.#table.counts().values()].reduce((sum, count) => sum + count, 0)
    const { size, breaches } = this.#ledger
    if (counts !== size || this.#table.size !== size) {
      breaches.push(`L5 the table has ${this.#table.size} bindings and counts ${counts}, due are ${size}`)
    }
    if (breaches.length > 0) throw new LawBroken(breaches.join('\n'))
  }

  /** Closes the pools while requests are under way, which may still go on; then nothing is left. */
  async #end(): Promise<void> {
    for (const replica of this.#replicas) replica.close()
    await this.#settle()
    if (this.#clock.pending > 0)
      throw new LawBroken(`L9 ${this.#clock.pending} calls are pending after close`)
    for (const replica of this.#replicas) {
      for (const way of [...replica.ways]) {
        replica.fail(way)
        await turns()
      }
    }
    for (const replica of this.#replicas) replica.drain('pod-1', STEP_MS)
    await this.#settle()
    for (const replica of this.#replicas) for (const way of [...replica.ways]) replica.end(way)
    await this.#settle()
    if (this.#clock.pending > 0) throw new LawBroken('L9 a closed pool has made a timer')
    for (const { isWaiting } of this.#replicas)
      if (isWaiting) throw new LawBroken('L9 a wait outlasts its pool')
  }

  #replica(number: number): Replica {
    return this.#replicas[number % this.#replicas.length] as Replica
  }

  #listen<Name extends 'limpet:route' | 'limpet:move' | 'limpet:drain' | 'limpet:drained'>(
    channel: Name,
    hear: (replica: Replica, message: ChannelMessages[Name]) => void,
  ): void {
    const listener = (message: unknown) => {
      const told = message as ChannelMessages[Name]
      const replica = this.#replicas.find(({ name: pool }) => pool === told.pool)
      if (replica) hear(replica, told)
    }
    subscribe(channel, listener)
    this.#subscriptions.push(() => unsubscribe(channel, listener))
  }
}

function name(number: number): Identity {
  return `pod-${number}`
}

/** Enough turns for every promise of a decision. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 16; turn++) await undefined
}
