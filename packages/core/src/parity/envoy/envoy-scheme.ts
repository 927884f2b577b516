import type { RequestLike } from '../../key/request-like.ts'
import type { ParityScheme } from '../parity-scheme.ts'
import { textBytes } from '../wire-bytes.ts'
import type { EnvoyHost } from './envoy-host.ts'
import type { CheckedOptions } from './envoy-options.ts'
import { Hash64 } from './hash64.ts'
import type { HostTable, TableHost } from './host-table.ts'
import { requestHash } from './request-hash.ts'

/** One priority of an Envoy cluster whose balancer hashes. */
export class EnvoyScheme implements ParityScheme<EnvoyHost> {
  readonly name: string
  readonly servers: readonly EnvoyHost[]
  readonly keyHeaders: readonly string[]
  readonly #options: CheckedOptions
  readonly #build: (hosts: readonly TableHost[]) => HostTable
  readonly #down: ReadonlySet<string>
  readonly #usable: readonly EnvoyHost[]
  readonly #table: HostTable
  readonly #hash: Hash64 = new Hash64()

  /** `before`: the scheme whose table is used if its hosts are the same. */
  constructor(
    name: string,
    options: CheckedOptions,
    build: (hosts: readonly TableHost[]) => HostTable,
    down: ReadonlySet<string> = new Set(),
    before?: EnvoyScheme,
  ) {
    this.name = name
    this.servers = options.hosts
    this.keyHeaders = options.policies.headers
    this.#options = options
    this.#build = build
    this.#down = down
    this.#usable = usableHosts(options, down)
    const isSame = before !== undefined && this.#usable === before.#usable
    this.#table = isSame ? before.#table : build(tableHosts(options.hosts, this.#usable))
  }

  key(request: RequestLike): Uint8Array | undefined {
    return this.#options.policies.key(request)
  }

  pick(key: Uint8Array): EnvoyHost | undefined {
    requestHash(this.#hash, key)
    return this.servers[this.#table.hostAt(this.#hash, 0)]
  }

  *attempts(key: Uint8Array): IterableIterator<EnvoyHost> {
    // A hash of its own: between two steps, others pick.
    const hash = new Hash64()
    requestHash(hash, key)
    for (let attempt = 0; attempt <= this.#options.retries; attempt++) {
      const host = this.servers[this.#table.hostAt(hash, attempt)]
      if (!host) return
      yield host
    }
  }

  without(down: ReadonlySet<string>): EnvoyScheme {
    const all = new Set(this.#down)
    for (const { name } of this.servers) if (down.has(name)) all.add(name)
    if (all.size === this.#down.size) return this
    return new EnvoyScheme(this.name, this.#options, this.#build, all, this)
  }
}

/**
 * The healthy hosts; all of them in panic (`isHostSetInPanic` and `recalculatePerPriorityPanic`, load_balancer_impl.cc): when fewer than the
 * threshold are healthy, unless the overprovisioned share of the healthy ones is whole.
 */
function usableHosts(
  { hosts, panicBelow, overprovisioning }: CheckedOptions,
  down: ReadonlySet<string>,
): readonly EnvoyHost[] {
  if (down.size === 0) return hosts
  const healthy = hosts.filter(({ name }) => !down.has(name))
  const isAvailable = Math.floor((overprovisioning * healthy.length) / hosts.length) >= 100
  const isPanic = !isAvailable && (100 * healthy.length) / hosts.length < panicBelow
  return isPanic ? hosts : healthy
}

function tableHosts(hosts: readonly EnvoyHost[], usable: readonly EnvoyHost[]): readonly TableHost[] {
  const sum = usable.reduce((total, { weight }) => total + weight, 0)
  const isUsable = new Set(usable)
  return hosts.flatMap((host, index) =>
    isUsable.has(host) ? [{ index, key: textBytes(host.name), share: host.weight / sum }] : [],
  )
}
