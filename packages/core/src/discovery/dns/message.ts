/** Numbers of record types on the wire (RFC 1035, 3596, 2782, 6891). */
export const TYPE = { A: 1, NS: 2, CNAME: 5, SOA: 6, AAAA: 28, SRV: 33, OPT: 41 } as const

/** Class IN: the Internet, the only one asked for. */
export const CLASS_IN = 1

export const RCODE = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  BADVERS: 16,
} as const

/** What a record says, of the types that matter here. */
export type RecordData =
  | { readonly type: 'A' | 'AAAA'; readonly address: string }
  | {
      readonly type: 'SRV'
      readonly priority: number
      readonly weight: number
      readonly port: number
      readonly target: string
    }
  | { readonly type: 'CNAME'; readonly target: string }
  | { readonly type: 'SOA'; readonly minimumS: number }
  | { readonly type: 'NS' }

/** A record with its owner, in lower case. */
export interface WireRecord {
  readonly name: string
  /** Seconds, 0 to 2^31 - 1. */
  readonly ttlS: number
  readonly data: RecordData
}

export interface WireQuestion {
  readonly name: string
  readonly type: number
  readonly class: number
}

/** A message as it was decoded; records of other types and classes are left out. */
export interface Message {
  readonly id: number
  readonly isResponse: boolean
  readonly opcode: number
  readonly isTruncated: boolean
  /** With the upper bits of the OPT record, if there is one. */
  readonly rcode: number
  readonly questions: readonly WireQuestion[]
  readonly answers: readonly WireRecord[]
  readonly authorities: readonly WireRecord[]
  readonly additionals: readonly WireRecord[]
}

/** The name of a response code, for messages. */
export function rcodeName(rcode: number): string {
  return Object.entries(RCODE).find(([, code]) => code === rcode)?.[0] ?? `code ${rcode}`
}
