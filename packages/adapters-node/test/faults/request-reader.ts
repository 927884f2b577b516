const HEAD_END = '\r\n\r\n'
const LAST_CHUNK = '0\r\n\r\n'

/** Reads the requests of one connection, as far as a scripted pod has to know them. */
export class RequestReader {
  bytes = 0
  heads = 0
  requests = 0
  bodyBytes = 0
  streamBytes = 0
  /** The latest head asked for another protocol. */
  asksUpgrade = false
  /** The protocol was switched: no request follows. */
  isStream = false
  #part: 'head' | 'sized' | 'chunked' = 'head'
  #head = ''
  #left = 0
  /** The end of what came of a chunked body. The bodies of these tests hold no text like a last chunk. */
  #tail = ''

  read(chunk: Buffer): void {
    this.bytes += chunk.length
    let rest = chunk
    while (rest.length > 0) rest = this.#readPart(rest)
  }

  /** Takes what belongs to the present part, and answers the rest. */
  #readPart(bytes: Buffer): Buffer {
    if (this.isStream) {
      this.streamBytes += bytes.length
      return bytes.subarray(bytes.length)
    }
    if (this.#part === 'head') return this.#readHead(bytes)
    if (this.#part === 'sized') {
      const own = Math.min(this.#left, bytes.length)
      this.#left -= own
      this.bodyBytes += own
      if (this.#left === 0) this.#endRequest()
      return bytes.subarray(own)
    }
    this.bodyBytes += bytes.length
    this.#tail = (this.#tail + bytes.toString('latin1', Math.max(0, bytes.length - 8))).slice(-8)
    if (this.#tail.endsWith(LAST_CHUNK)) this.#endRequest()
    return bytes.subarray(bytes.length)
  }

  #readHead(bytes: Buffer): Buffer {
    const before = this.#head.length
    this.#head += bytes.toString('latin1')
    const end = this.#head.indexOf(HEAD_END)
    if (end < 0) return bytes.subarray(bytes.length)
    const head = this.#head.slice(0, end)
    this.#head = ''
    this.heads++
    this.asksUpgrade = /^upgrade:/im.test(head)
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0)
    this.#left = length
    this.#tail = ''
    this.#part = /^transfer-encoding:/im.test(head) ? 'chunked' : length > 0 ? 'sized' : 'head'
    if (this.#part === 'head') this.requests++
    return bytes.subarray(end + HEAD_END.length - before)
  }

  #endRequest(): void {
    this.requests++
    this.#part = 'head'
  }
}
