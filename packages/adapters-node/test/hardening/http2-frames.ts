/** Names and values of a header section, as latin1 text, sent as they stand. */
export type Fields = readonly (readonly [name: string, value: string])[]

/** One frame of a stream. */
export type StreamFrame =
  | { readonly headers: Fields; readonly ends?: boolean }
  | { readonly data: string; readonly ends?: boolean }

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
const DATA = 0
const HEADERS = 1
const RST_STREAM = 3
const SETTINGS = 4
const GOAWAY = 7
const END_STREAM = 1
const ACK = 1
const END_HEADERS = 4

/** The beginning of a connection: its preface, and settings that keep the other side's header table empty. */
export function opening(): Buffer {
  // SETTINGS_HEADER_TABLE_SIZE = 0, so that every header section can be read by itself.
  return Buffer.concat([Buffer.from(PREFACE), frame(SETTINGS, 0, 0, Buffer.from([0, 1, 0, 0, 0, 0]))])
}

export const settingsAck: Buffer = frame(SETTINGS, ACK, 0, Buffer.alloc(0))

/** The bytes of frames on one stream. */
export function streamFrames(stream: number, frames: readonly StreamFrame[]): Buffer {
  return Buffer.concat(
    frames.map((one) => {
      const end = one.ends ? END_STREAM : 0
      return 'headers' in one
        ? frame(HEADERS, END_HEADERS | end, stream, headerBlock(one.headers))
        : frame(DATA, end, stream, Buffer.from(one.data, 'latin1'))
    }),
  )
}

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** Each field as a literal with a new name, never indexed and without Huffman (RFC 7541, 6.2.2): byte for byte what is given. */
function headerBlock(fields: Fields): Buffer {
  const literal = (text: string) => Buffer.concat([prefixed(text.length), Buffer.from(text, 'latin1')])
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), literal(name), literal(value)]))
}

/** An integer with a prefix of seven bits (RFC 7541, 5.1). */
function prefixed(value: number): Buffer {
  if (value < 127) return Buffer.from([value])
  const bytes = [127]
  let rest = value - 127
  for (; rest >= 128; rest >>= 7) bytes.push((rest & 127) | 128)
  return Buffer.from([...bytes, rest])
}

/** What came on one stream. */
export interface StreamAnswer {
  /** By the static table alone: 200, 204, 206, 304, 400, 404 or 500; 0 for others. */
  readonly status: number
  readonly body: string
  readonly end: 'ended' | 'reset' | 'open'
}

/** What came on one connection. */
export interface ConnectionAnswer {
  readonly streams: ReadonlyMap<number, StreamAnswer>
  /** The connection is at its end: GOAWAY was sent. */
  readonly isGoingAway: boolean
  /** Whether settings have come that were not answered. */
  readonly hasSettings: boolean
}

/** One frame, and where it ends. */
export interface Frame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
  readonly end: number
}

/** The frame that begins here; undefined while it is not complete. */
export function frameAt(bytes: Buffer, at: number): Frame | undefined {
  if (at + 9 > bytes.length) return undefined
  const end = at + 9 + bytes.readUIntBE(at, 3)
  if (end > bytes.length) return undefined
  return {
    type: bytes.readUInt8(at + 3),
    flags: bytes.readUInt8(at + 4),
    stream: bytes.readUInt32BE(at + 5),
    payload: bytes.subarray(at + 9, end),
    end,
  }
}

/** Reads the frames of the other side. */
export function readFrames(bytes: Buffer): ConnectionAnswer {
  const streams = new Map<number, StreamAnswer>()
  let isGoingAway = false
  let hasSettings = false
  for (let frame = frameAt(bytes, 0); frame; frame = frameAt(bytes, frame.end)) {
    const { type, flags, stream, payload } = frame
    if (type === GOAWAY) isGoingAway = true
    if (type === SETTINGS && !(flags & ACK)) hasSettings = true
    const before = streams.get(stream) ?? { status: 0, body: '', end: 'open' }
    const isLast = (type === DATA || type === HEADERS) && (flags & END_STREAM) !== 0
    const end = type === RST_STREAM && before.end === 'open' ? 'reset' : isLast ? 'ended' : before.end
    if (type === HEADERS) streams.set(stream, { ...before, status: before.status || statusOf(payload), end })
    if (type === DATA) streams.set(stream, { ...before, body: before.body + payload.toString('latin1'), end })
    if (type === RST_STREAM) streams.set(stream, { ...before, end })
  }
  return { streams, isGoingAway, hasSettings }
}

const STATIC_STATUSES: ReadonlyMap<number, number> = new Map(
  [200, 204, 206, 304, 400, 404, 500].map((status, i) => [0x88 + i, status]),
)

/** The status is the first field, behind a change of the table's size if there is one. */
function statusOf(block: Buffer): number {
  const first = block.findIndex((byte) => (byte & 0xe0) !== 0x20)
  return STATIC_STATUSES.get(block[first] ?? 0) ?? 0
}
