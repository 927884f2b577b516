import { StickyError } from '../../error.ts'
import { firstLabel } from './address-source.ts'
import {
  addressIdentity,
  type EndpointDefaults,
  type EndpointSource,
  type FoundEndpoint,
} from './endpoint-source.ts'
import { isName, plainName } from './name.ts'
import type { ServiceRecord } from './resolver.ts'
import { WatchedAddresses } from './watched-addresses.ts'
import { type RefreshOptions, WatchedRecords } from './watched-records.ts'

/** What a source of services needs besides its name. */
export interface ServiceSourceOptions extends RefreshOptions {
  readonly identity: 'name' | 'address'
  /** How pods are named: by their first label under the service, or in full where services could have the same pods. */
  readonly naming: 'label' | 'full'
  readonly defaults: EndpointDefaults
}

/** A target whose addresses the answer did not bring. */
interface Target {
  readonly watched: WatchedAddresses
  readonly abort: AbortController
  readonly ended: Promise<void>
}

/** The places that an SRV name leads to: one endpoint for each target and port. */
export class ServiceSource implements EndpointSource {
  readonly #options: ServiceSourceOptions
  readonly #services: WatchedRecords
  readonly #targets = new Map<string, Target>()
  /** What a target resolved to last, for the time between an answer with addresses and one without. */
  readonly #lastAddress = new Map<string, string>()
  #isRefreshing = false

  constructor(name: string, options: ServiceSourceOptions) {
    this.#options = options
    const changed = () => {
      this.#followTargets()
      options.changed()
    }
    this.#services = new WatchedRecords(name, 'SRV', { ...options, changed })
  }

  get isKnown(): boolean {
    return this.#services.isKnown && [...this.#targets.values()].every(({ watched }) => watched.isKnown)
  }

  endpoints(): FoundEndpoint[] {
    const services = this.#usable()
    // RFC 2782 lets a weight of 0 take part when there is no other; alone it says that weights do not matter.
    const isWeighted = services.some(({ weight }) => weight > 0)
    const shared = sharedIdentities(services.map((service) => this.#identity(service)))
    return services.flatMap((service) => {
      const { host, isFresh } = this.#place(service)
      if (host === undefined) return []
      const { port, target } = service
      const { identity, defaults } = this.#options
      const name = this.#identity(service)
      const init = {
        identity:
          identity === 'address'
            ? addressIdentity(host, port)
            : shared.has(name)
              ? `${target}:${port}`
              : name,
        host,
        port,
        protocol: defaults.protocol,
        weight: isWeighted ? service.weight : 1,
      }
      return [{ init, isFresh }]
    })
  }

  async refresh(signal: AbortSignal): Promise<void> {
    this.#isRefreshing = true
    await this.#services.refresh(signal)
    this.#isRefreshing = false
    const targets = [...this.#targets.values()]
    for (const { abort } of targets) abort.abort()
    await Promise.all(targets.map(({ ended }) => ended))
  }

  /** Services of the lowest priority, in the order of their targets; the order of the answer is rotated by servers. */
  #usable(): ServiceRecord[] {
    const services = (this.#services.records as ServiceRecord[]).filter(isUsable)
    const lowest = services.reduce(
      (least, { priority }) => Math.min(least, priority),
      Number.POSITIVE_INFINITY,
    )
    return services
      .filter(({ priority }) => priority === lowest)
      .sort((one, other) => compare(one.target, other.target) || one.port - other.port)
  }

  /** Where a service runs now. */
  #place({ target, addresses }: ServiceRecord): { host: string | undefined; isFresh: boolean } {
    const last = this.#lastAddress.get(target)
    const watched = this.#targets.get(target)?.watched
    if (addresses) {
      const host = last !== undefined && addresses.includes(last) ? last : addresses.toSorted()[0]
      if (host !== undefined) this.#lastAddress.set(target, host)
      return { host, isFresh: this.#services.isFresh }
    }
    const host = watched?.address ?? (watched?.isKnown ? undefined : last)
    if (host !== undefined) this.#lastAddress.set(target, host)
    return { host, isFresh: this.#services.isFresh && watched?.isFresh === true }
  }

  #identity({ target }: ServiceRecord): string {
    if (this.#options.naming === 'full') return target
    const service = serviceOf(this.#services.owner)
    const label = firstLabel(target)
    return target === `${label}.${service}` ? label : target
  }

  /** Watches the targets that have to be, and no others. */
  #followTargets(): void {
    const { failed } = this.#options
    const records = this.#services.records as ServiceRecord[]
    for (const record of records) {
      if (record.target !== '' && !isUsable(record)) {
        failed(
          new StickyError(
            'dns',
            `${this.#services.owner} SRV: no host and port: ${record.target}:${record.port}`,
          ),
        )
      }
    }
    const usable = this.#usable()
    const wanted = new Set(usable.flatMap(({ target, addresses }) => (addresses ? [] : [target])))
    for (const [name, { abort }] of this.#targets) {
      if (wanted.has(name)) continue
      abort.abort()
      this.#targets.delete(name)
    }
    for (const name of wanted) if (!this.#targets.has(name) && this.#isRefreshing) this.#watchTarget(name)
    const named = new Set(usable.map(({ target }) => target))
    for (const name of this.#lastAddress.keys()) if (!named.has(name)) this.#lastAddress.delete(name)
  }

  #watchTarget(name: string): void {
    const abort = new AbortController()
    // Targets are whole names (RFC 2782): no search list.
    const watched = new WatchedAddresses(`${name}.`, 'A+AAAA', this.#options)
    this.#targets.set(name, { watched, abort, ended: watched.refresh(abort.signal) })
  }
}

/** With a port after it, a name must still be an identity: 253 characters. */
const MAX_TARGET_LENGTH = 247

/** RFC 2782: a target of '.' says that the service is decidedly not available. */
function isUsable({ target, port }: ServiceRecord): boolean {
  return port > 0 && isName(target) && target.length <= MAX_TARGET_LENGTH
}

/** `web.default.svc.cluster.local` of `_http._tcp.web.default.svc.cluster.local`. */
export function serviceOf(name: string): string {
  return plainName(name).replace(/^(?:_[^.]+\.)+/, '')
}

function sharedIdentities(identities: readonly string[]): Set<string> {
  const seen = new Set<string>()
  return new Set(identities.filter((identity) => seen.size === seen.add(identity).size))
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}
