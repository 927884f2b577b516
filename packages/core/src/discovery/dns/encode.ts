import { CLASS_IN, TYPE } from './message.ts'
import { plainName } from './name.ts'
import type { RecordType } from './resolver.ts'

/**
 * The largest answer that is taken over UDP: what fits the smallest IPv6 path without fragments, 1 280 - 48 bytes. The
 * figure of DNS Flag Day 2020.
 */
const UDP_PAYLOAD = 1_232

/** Without EDNS0, what a server thinks that a client takes (RFC 1035, 4.2.1); nothing says it in a query. */
export type Extension = 'edns' | 'plain'

const RECURSION_DESIRED = 0x0100

/** A query for one name, which must be a valid one. */
export function encodeQuery(id: number, name: string, type: RecordType, extension: Extension): Buffer {
  const labels = plainName(name).split('.')
  const question = Buffer.concat([
    ...labels.map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`, 'latin1')),
    words(0).subarray(0, 1),
    words(TYPE[type], CLASS_IN),
  ])
  const additionals = extension === 'edns' ? 1 : 0
  const header = words(id, RECURSION_DESIRED, 1, 0, 0, additionals)
  return Buffer.concat(additionals ? [header, question, OPT] : [header, question])
}

/** RFC 6891, 6.1.2: the root, type OPT, the payload in place of a class, then flags and data that are all 0. */
const OPT: Buffer = Buffer.concat([Buffer.from([0]), words(TYPE.OPT, UDP_PAYLOAD, 0, 0, 0)])

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2)
  for (const [index, value] of values.entries()) bytes.writeUInt16BE(value, index * 2)
  return bytes
}
