import type { Endpoint, Identity } from '../../../src/endpoint/endpoint.ts'
import type { HealthCheck } from '../../../src/health/health-check.ts'
import type { EndpointView } from './endpoint-view.ts'
import type { Setup } from './setup.ts'

/** Active checks whose results the history decides, one at a time. */
export class Probes {
  readonly check: HealthCheck
  readonly #sick = new Set<Identity>()
  #underWay: { readonly endpoint: Endpoint; readonly end: (isHealthy: boolean) => void }[] = []

  constructor({ rise, fall }: Setup) {
    this.check = {
      name: 'history',
      schedule: { intervalMs: 500, jitter: 0.1, timeoutMs: 10_000, rise, fall, maxConcurrent: 64 },
      probe: (endpoint) =>
        new Promise((resolve, reject) => {
          const end = (isHealthy: boolean) => (isHealthy ? resolve() : reject(new Error('sick')))
          this.#underWay.push({ endpoint, end })
        }),
    }
  }

  willFind(identity: Identity, isHealthy: boolean): void {
    if (isHealthy) this.#sick.delete(identity)
    else this.#sick.add(identity)
  }

  /** Ends the first probe that is under way, if any, and tells the view. */
  endFirst(view: EndpointView): boolean {
    const probe = this.#underWay.shift()
    if (!probe) return false
    const { identity, host } = probe.endpoint
    const isHealthy = !this.#sick.has(identity)
    const known = view.find(identity)
    if (known?.address === host) view.probed(known, isHealthy)
    probe.end(isHealthy)
    return true
  }

  close(): void {
    this.#underWay = []
  }
}
