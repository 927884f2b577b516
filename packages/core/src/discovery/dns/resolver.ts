/** What can be asked for: IPv4 addresses, IPv6 addresses, or where a service runs (RFC 1035, 3596, 2782). @public */
export type RecordType = 'A' | 'AAAA' | 'SRV'

/** An address of a name. @public */
export interface AddressRecord {
  readonly type: 'A' | 'AAAA'
  /** As text; an IPv6 address stands without brackets, in the form of RFC 5952. */
  readonly address: string
}

/** One place where a service runs. @public */
export interface ServiceRecord {
  readonly type: 'SRV'
  /** Lower ones are to be used first. 0 to 65535. */
  readonly priority: number
  /** Share among those of the same priority. 0 to 65535. */
  readonly weight: number
  /** 0 to 65535. */
  readonly port: number
  /** Host name, in lower case, without a dot at its end. */
  readonly target: string
  /** Addresses of the target, where the answer brought those of every target; otherwise they have to be asked for. */
  readonly addresses?: readonly string[]
}

/** @public */
export type DnsRecord = AddressRecord | ServiceRecord

/**
 * What is known of a name:
 *
 * - `records`: at least one record of the type. `owner` = the name they were found at, after search list and aliases;
 * - `no-data`: the name exists, without records of this type;
 * - `no-name`: the name does not exist (NXDOMAIN).
 *
 * `ttlMs` says for how long this holds, in milliseconds; 0 = it must not be kept.
 *
 * @public
 */
export type Answer =
  | {
      readonly kind: 'records'
      readonly records: readonly DnsRecord[]
      readonly owner: string
      readonly ttlMs: number
    }
  | { readonly kind: 'no-data'; readonly ttlMs: number }
  | { readonly kind: 'no-name'; readonly ttlMs: number }

/**
 * Resolves DNS names.
 *
 * @public
 */
export interface Resolver {
  /**
   * The records of a name, or that there are none. Several calls at a time are independent of each other, and each ends
   * within a time of the resolver's own.
   *
   * @throws StickyError `dns`: nobody knows (no answer, or servers that fail). Never for a name that does not exist.
   * Rejects with the reason of `signal` once that aborts, with every socket and timer of this call released.
   */
  resolve(name: string, type: RecordType, signal: AbortSignal): Promise<Answer>
}
