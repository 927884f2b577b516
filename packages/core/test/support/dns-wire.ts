/** Writes DNS messages for tests, apart from the code under test: the two must agree because both follow RFC 1035. */

export const TYPES = { A: 1, NS: 2, CNAME: 5, SOA: 6, AAAA: 28, SRV: 33, OPT: 41 } as const

/** A record as tests write it. `data`: an address, a name, or `priority weight port target`. */
export interface TestRecord {
  readonly name: string
  readonly type: 'A' | 'AAAA' | 'CNAME' | 'NS' | 'SOA' | 'SRV'
  /** Seconds. */
  readonly ttl: number
  /** SOA: its minimum. */
  readonly data: string
}

export interface TestMessage {
  readonly id: number
  readonly rcode?: number
  readonly isTruncated?: boolean
  readonly isQuery?: boolean
  readonly questions?: readonly { readonly name: string; readonly type: number }[]
  readonly answers?: readonly TestRecord[]
  readonly authorities?: readonly TestRecord[]
  readonly additionals?: readonly TestRecord[]
  /** The upper bits of the response code; undefined = no OPT record. */
  readonly opt?: number | undefined
}

export function encodeMessage(message: TestMessage): Buffer {
  const { id, rcode = 0, questions = [], answers = [], authorities = [], additionals = [], opt } = message
  const writer = new Writer()
  const flags = (message.isQuery ? 0 : 0x8180) | (message.isTruncated ? 0x0200 : 0) | rcode
  writer.words(id, flags, questions.length, answers.length, authorities.length)
  writer.words(additionals.length + (opt === undefined ? 0 : 1))
  for (const { name, type } of questions) {
    writer.name(name)
    writer.words(type, 1)
  }
  for (const record of [...answers, ...authorities, ...additionals]) writer.record(record)
  if (opt !== undefined) writer.raw(Buffer.from([0, 0, 41, 4, 208, opt, 0, 0, 0, 0, 0]))
  return writer.bytes
}

/** Reads the question of a query as `dnsResolver` and c-ares write it: one name, no compression. */
export function decodeQuery(bytes: Buffer): {
  id: number
  name: string
  type: number
  payload: number | undefined
} {
  const labels: string[] = []
  let at = 12
  for (let length = bytes[at] as number; length > 0; length = bytes[at] as number) {
    labels.push(bytes.toString('latin1', at + 1, at + 1 + length))
    at += length + 1
  }
  const hasOpt = bytes.readUInt16BE(10) > 0
  const payload = hasOpt ? bytes.readUInt16BE(at + 5 + 3) : undefined
  return { id: bytes.readUInt16BE(0), name: labels.join('.'), type: bytes.readUInt16BE(at + 1), payload }
}

class Writer {
  readonly #parts: Buffer[] = []
  #length = 0
  readonly #names = new Map<string, number>()

  get bytes(): Buffer {
    return Buffer.concat(this.#parts)
  }

  raw(bytes: Buffer): void {
    this.#parts.push(bytes)
    this.#length += bytes.length
  }

  words(...values: number[]): void {
    const bytes = Buffer.alloc(values.length * 2)
    for (const [index, value] of values.entries()) bytes.writeUInt16BE(value, index * 2)
    this.raw(bytes)
  }

  /** With compression: what stands in the message already is pointed at. */
  name(name: string): void {
    const labels = name === '' ? [] : name.split('.')
    for (const [index, label] of labels.entries()) {
      const rest = labels.slice(index).join('.').toLowerCase()
      const known = this.#names.get(rest)
      if (known !== undefined) return this.words(0xc000 | known)
      if (this.#length < 0x4000) this.#names.set(rest, this.#length)
      this.raw(Buffer.from([label.length, ...Buffer.from(label, 'latin1')]))
    }
    this.raw(Buffer.from([0]))
  }

  #labels(labels: readonly string[]): void {
    for (const label of labels) this.raw(Buffer.from([label.length, ...Buffer.from(label, 'latin1')]))
    this.raw(Buffer.from([0]))
  }

  record({ name, type, ttl, data }: TestRecord): void {
    this.name(name)
    this.words(TYPES[type], 1, Math.floor(ttl / 65_536), ttl % 65_536)
    const length = Buffer.alloc(2)
    this.raw(length)
    const start = this.#length
    this.#data(type, data)
    length.writeUInt16BE(this.#length - start)
  }

  #data(type: TestRecord['type'], data: string): void {
    switch (type) {
      case 'A':
        return this.raw(Buffer.from(data.split('.').map(Number)))
      case 'AAAA':
        return this.words(...ipv6Groups(data))
      case 'CNAME':
      case 'NS':
        return this.name(data)
      case 'SOA':
        this.name('ns.test')
        this.name('admin.test')
        return this.words(0, 1, 0, 60, 0, 60, 0, 60, Math.floor(Number(data) / 65_536), Number(data) % 65_536)
      case 'SRV': {
        const [priority, weight, port, target] = data.split(' ')
        this.words(Number(priority), Number(weight), Number(port))
        // RFC 2782: without compression; c-ares refuses it.
        return this.#labels(target === '.' ? [] : (target as string).split('.'))
      }
    }
  }
}

function ipv6Groups(text: string): number[] {
  const [head = '', tail] = text.split('::')
  const groups = (part: string) =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16))
  const [first, last] = [groups(head), groups(tail ?? '')]
  return [...first, ...Array<number>(8 - first.length - last.length).fill(0), ...last]
}
