import type { DnsRecord } from './resolver.ts'
import { type RefreshOptions, WatchedRecords } from './watched-records.ts'

/** Which addresses of a name are asked for. */
export type AddressType = 'A' | 'AAAA' | 'A+AAAA'

/** The addresses of one name. IPv4 and IPv6 are refreshed apart, each at its own TTL. */
export class WatchedAddresses {
  readonly name: string
  readonly #parts: readonly WatchedRecords[]
  #chosen: string | undefined = undefined

  constructor(name: string, type: AddressType, options: RefreshOptions) {
    this.name = name
    const types = type === 'A+AAAA' ? (['A', 'AAAA'] as const) : [type]
    this.#parts = types.map((part) => new WatchedRecords(name, part, options))
  }

  get isKnown(): boolean {
    return this.#parts.every(({ isKnown }) => isKnown)
  }

  /** IPv4 first, each in the order of its text, whatever the order of the answer: servers rotate it. */
  get addresses(): string[] {
    return this.#parts.flatMap(({ records }) => addressesOf(records))
  }

  /** One address for an endpoint: the one chosen before while it is named, so that a rotated answer changes nothing. */
  get address(): string | undefined {
    const named = this.#parts.flatMap((part) => addressesOf(part.named))
    if (this.#chosen === undefined || !named.includes(this.#chosen)) this.#chosen = named[0]
    return this.#chosen
  }

  /** True while the newest answer names {@link address}. */
  get isFresh(): boolean {
    const { address = '' } = this
    return this.#parts.some(({ isFresh, named }) => isFresh && addressesOf(named).includes(address))
  }

  async refresh(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#parts.map((part) => part.refresh(signal)))
  }
}

function addressesOf(records: readonly DnsRecord[]): string[] {
  return records.flatMap((record) => (record.type === 'SRV' ? [] : [record.address])).sort()
}
