/** Frames of HTTP/2 by hand (RFC 9113, 4.1), for what node:http2 would not send. */

export const FRAME = {
  data: 0,
  headers: 1,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
} as const
export const END_STREAM = 0x1
export const ACK = 0x1
export const END_HEADERS = 0x4

export const PREFACE: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Buffer = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** A header block of literals without indexing and without Huffman coding (RFC 7541, 6.2.2). */
export function headersFrame(
  stream: number,
  flags: number,
  fields: readonly (readonly [string, string])[],
): Buffer {
  const block = fields.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)])
  return frame(FRAME.headers, flags | END_HEADERS, stream, Buffer.concat(block))
}

export function settingsFrame(settings: Readonly<Record<number, number>> = {}): Buffer {
  const entries = Object.entries(settings).map(([id, value]) => {
    const entry = Buffer.alloc(6)
    entry.writeUInt16BE(Number(id), 0)
    entry.writeUInt32BE(value, 2)
    return entry
  })
  return frame(FRAME.settings, 0, 0, Buffer.concat(entries))
}

export function rstFrame(stream: number, code: number): Buffer {
  return frame(FRAME.rstStream, 0, stream, number(code))
}

export function goawayFrame(lastStream: number, code: number): Buffer {
  return frame(FRAME.goaway, 0, 0, Buffer.concat([number(lastStream), number(code)]))
}

/** One frame as it came. */
export interface ReadFrame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

/** Cuts bytes into frames; `take` is called with each as it becomes whole. */
export function frameReader(take: (frame: ReadFrame) => void): (bytes: Buffer) => void {
  let held: Buffer = Buffer.alloc(0)
  return (bytes) => {
    held = Buffer.concat([held, bytes])
    if (held.subarray(0, PREFACE.length).equals(PREFACE)) held = held.subarray(PREFACE.length)
    while (held.length >= 9) {
      const length = held.readUIntBE(0, 3)
      if (held.length < 9 + length) return
      const read = {
        type: held.readUInt8(3),
        flags: held.readUInt8(4),
        stream: held.readUInt32BE(5),
        payload: Buffer.from(held.subarray(9, 9 + length)),
      }
      held = held.subarray(9 + length)
      take(read)
    }
  }
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** A string literal (RFC 7541, 5.2), with its length in as many bytes as that takes. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1')
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes])
  const head = [127]
  let left = bytes.length - 127
  for (; left >= 128; left >>= 7) head.push((left & 0x7f) | 0x80)
  return Buffer.concat([Buffer.from([...head, left]), bytes])
}
