import { addressText } from './address-text.ts'
import { CLASS_IN, type Message, type RecordData, TYPE, type WireRecord } from './message.ts'
import { malformed, WireReader } from './wire-reader.ts'

/** RFC 2181, 8 and RFC 8767, 4: a TTL is a number of 31 bits; more than that counts as the longest. */
const MAX_TTL_S = 2 ** 31 - 1

/**
 * Decodes a message. Its time and memory are bounded by its length, which is at most 65 535 bytes. Bytes after the last
 * record are ignored. Of a truncated one only the questions are read: it may be cut within a record, and whoever asked must
 * ask again over TCP anyway.
 *
 * @throws StickyError `dns` for whatever is malformed
 */
export function decodeMessage(bytes: Buffer): Message {
  const reader = new WireReader(bytes)
  const id = reader.word()
  const flags = reader.word()
  const isTruncated = (flags & 0x0200) !== 0
  const questions = reader.word()
  const [answers, authorities, additionals] = [reader.word(), reader.word(), reader.word()].map((count) =>
    isTruncated ? 0 : count,
  ) as [number, number, number]
  const sections = {
    questions: times(questions, () => ({ name: reader.name(), type: reader.word(), class: reader.word() })),
    answers: records(reader, answers),
    authorities: records(reader, authorities),
    additionals: records(reader, additionals),
  }
  if (sections.answers.upperRcode !== undefined || sections.authorities.upperRcode !== undefined) {
    throw malformed('an OPT record outside of the additional section')
  }
  return {
    id,
    isResponse: (flags & 0x8000) !== 0,
    opcode: (flags >> 11) & 0xf,
    isTruncated,
    rcode: (flags & 0xf) | ((sections.additionals.upperRcode ?? 0) << 4),
    questions: sections.questions,
    answers: sections.answers.records,
    authorities: sections.authorities.records,
    additionals: sections.additionals.records,
  }
}

/** Records of a section, and the upper bits of the response code if an OPT record stands among them. */
interface Section {
  readonly records: readonly WireRecord[]
  readonly upperRcode: number | undefined
}

function records(reader: WireReader, count: number): Section {
  const found: WireRecord[] = []
  let upperRcode: number | undefined
  times(count, () => {
    const name = reader.name()
    const [type, recordClass, ttl, length] = [reader.word(), reader.word(), reader.long(), reader.word()]
    if (type === TYPE.OPT) {
      if (upperRcode !== undefined || name !== '') throw malformed('two OPT records, or one with a name')
      upperRcode = ttl >>> 24
      reader.bytes(length)
      return
    }
    const data = recordData(reader, type, recordClass, length)
    if (data) found.push({ name, ttlS: Math.min(ttl, MAX_TTL_S), data })
  })
  return { records: found, upperRcode }
}

/** The data of a record, or undefined for a type or class that nobody asked for. */
function recordData(
  reader: WireReader,
  type: number,
  recordClass: number,
  length: number,
): RecordData | undefined {
  const end = reader.offset + length
  const data = recordClass === CLASS_IN ? knownData(reader, type, length) : undefined
  if (data === undefined) reader.bytes(length)
  if (reader.offset !== end) throw malformed('the data of a record is not as long as it says')
  return data
}

function knownData(reader: WireReader, type: number, length: number): RecordData | undefined {
  switch (type) {
    case TYPE.A:
      return { type: 'A', address: addressText(reader.bytes(4)) }
    case TYPE.AAAA:
      return { type: 'AAAA', address: addressText(reader.bytes(16)) }
    case TYPE.SRV: {
      const [priority, weight, port] = [reader.word(), reader.word(), reader.word()]
      return { type: 'SRV', priority, weight, port, target: reader.name() }
    }
    case TYPE.CNAME:
      return { type: 'CNAME', target: reader.name() }
    case TYPE.SOA: {
      reader.name()
      reader.name()
      // Serial, refresh, retry and expire are between servers.
      reader.bytes(16)
      return { type: 'SOA', minimumS: Math.min(reader.long(), MAX_TTL_S) }
    }
    case TYPE.NS:
      reader.bytes(length)
      return { type: 'NS' }
    default:
      return undefined
  }
}

function times<T>(count: number, read: () => T): T[] {
  // Not an array of `count` at once: the count is a claim, and the message may end long before.
  const items: T[] = []
  for (let index = 0; index < count; index++) items.push(read())
  return items
}
