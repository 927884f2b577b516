import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { programFolder, removeFolder } from '../../support/real-program.ts'
import type { FaultEvent, ProofEvent, Rules } from '../history/event.ts'
import { HistoryFile, readHistory } from '../history/history-file.ts'
import { monotonic } from '../history/monotonic.ts'
import { GatewayProcess } from './gateway-process.ts'
import { isClock, type PlannedFault, type PlanOptions, planOf, type Step } from './plan.ts'
import type { WorldRig } from './rig.ts'
import { declareUnscheduled } from './unscheduled.ts'

/** What a world lived through. */
export interface Lived {
  readonly history: readonly ProofEvent[]
  readonly requests: number
}

/** Runs the plan of a seed with gateways in processes of their own, and answers what they recorded. Whatever happens, all of them are gone then. */
export async function live(options: PlanOptions, rules: Rules, rig: WorldRig): Promise<Lived> {
  const folder = programFolder()
  const gateways = Array.from({ length: options.gateways }, () => new GatewayProcess())
  const own = join(folder, 'world.jsonl')
  const record = new HistoryFile(own)
  try {
    record.add({ what: 'start', at: monotonic(), seed: options.seed, rules })
    const endpoints = Array.from({ length: options.endpoints }, (_, index) => endpointName(index))
    const names = gateways.map((_, index) => `gateway-${index}`)
    const files = names.map((name) => join(folder, `${name}.jsonl`))
    await Promise.all(
      gateways.map((gateway, index) =>
        gateway.ask({
          order: 'start',
          name: names[index] as string,
          history: files[index] as string,
          table: rig.table,
          port: rig.ports[index] as number,
          rules,
          endpoints,
          seed: options.seed + index,
          skewMs: (index - 1) * 90_000,
        }),
      ),
    )
    // The rig's relays and fault proxies are of this process.
    const endUnscheduled = declareUnscheduled('world', (event) => record.add(event), 'everybody')
    await new World(options, rig, gateways, record).go()
    const reports = await Promise.all(gateways.map((gateway) => gateway.ask({ order: 'close' })))
    endUnscheduled()
    record.close()
    return {
      history: readHistory([own, ...files]),
      requests: reports.reduce((sum, report) => sum + (report.report === 'closed' ? report.requests : 0), 0),
    }
  } finally {
    await Promise.all(gateways.map((gateway) => gateway[Symbol.asyncDispose]()))
    removeFolder(folder)
  }
}

function endpointName(index: number): string {
  return `web-${index}`
}

class World {
  readonly #options: PlanOptions
  readonly #rig: WorldRig
  readonly #gateways: readonly GatewayProcess[]
  readonly #record: HistoryFile
  readonly #dead = new Set<number>()
  readonly #begun = new Map<string, Promise<void>>()
  #requests = 0

  constructor(options: PlanOptions, rig: WorldRig, gateways: readonly GatewayProcess[], record: HistoryFile) {
    this.#options = options
    this.#rig = rig
    this.#gateways = gateways
    this.#record = record
  }

  async go(): Promise<void> {
    let started = monotonic()
    for (const step of planOf(this.#options)) {
      // The next fault comes when the one of before is over, also where a server needs long to start.
      if (step.what === 'begin') await Promise.all(this.#begun.values())
      const late = monotonic() - started - step.at
      // A machine that is behind goes through the plan later, not faster.
      if (late > 0) started += late
      else await pause(-late)
      this.#take(step)
    }
    await Promise.all(this.#begun.values())
  }

  #take(step: Step): void {
    switch (step.what) {
      case 'burst':
        for (const [index, keys] of step.keys.entries()) {
          this.#gateways[index]?.tell({
            order: 'send',
            from: this.#requests,
            keys: keys.map((key) => `key-${key}`),
          })
          this.#requests += keys.length
        }
        return
      case 'endpoint': {
        const { endpoint, state } = step
        if (state === 'dead') this.#dead.add(endpoint)
        else this.#dead.delete(endpoint)
        this.#record.add({
          what: 'endpoint',
          at: monotonic(),
          by: 'world',
          identity: endpointName(endpoint),
          state,
        })
        for (const gateway of this.#gateways)
          gateway.tell({ order: 'dead', endpoints: [...this.#dead].map(endpointName) })
        return
      }
      case 'discovery': {
        const all = Array.from({ length: this.#options.endpoints }, (_, index) => index)
        const endpoints = all.filter((index) => !step.dead.includes(index)).map(endpointName)
        this.#gateways[step.gateway]?.tell({ order: 'discovery', endpoints })
        return
      }
      case 'begin':
        return this.#start(step.fault.id, this.#begin(step.fault))
      case 'end':
        return this.#start(step.fault.id, this.#end(step.fault))
    }
  }

  #start(id: string, work: Promise<void>): void {
    // Its failure is met where the world waits for it.
    work.catch(() => undefined)
    this.#begun.set(id, work)
  }

  async #begin(fault: PlannedFault): Promise<void> {
    this.#declare(fault, 'begin')
    const { kind, gateway = 0, jumpMs = 0 } = fault
    if (isClock(kind)) return this.#gateways[gateway]?.tell({ order: 'jump', clock: kind, ms: jumpMs })
    await this.#rig.begin(fault.kind, fault.gateway)
  }

  async #end(fault: PlannedFault): Promise<void> {
    await this.#begun.get(fault.id)
    if (!isClock(fault.kind)) await this.#rig.end(fault.kind, fault.gateway)
    this.#declare(fault, 'end')
  }

  /** A clock that jumps is no outage: it concerns no gateway. */
  #declare({ id, kind, gateway }: PlannedFault, phase: FaultEvent['phase']): void {
    const gateways = isClock(kind) ? [] : gateway === undefined ? undefined : [`gateway-${gateway}`]
    const forgetsMs = this.#rig.forgetsMs(kind)
    this.#record.add({
      what: 'fault',
      at: monotonic(),
      by: 'world',
      phase,
      id,
      kind,
      ...(gateways && { gateways }),
      ...(forgetsMs > 0 && { forgetsMs }),
    })
  }
}
