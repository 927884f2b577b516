import type { ResponseHead } from './upstream.ts'

/** How the end of a body is found (RFC 9112, 6.3). */
type Framing = 'none' | 'chunked' | 'until-close' | number

/** A parsed head: what is forwarded, and what the connection does with it. */
export interface ParsedHead extends ResponseHead {
  readonly framing: Framing
  /** The connection may serve another exchange afterwards. */
  readonly keepsAlive: boolean
}

const STATUS_LINE = /^HTTP\/1\.[01] [1-9]\d\d(?: [\t\x20-\x7e\x80-\xff]*)?(?=\r\n|$)/
/**
 * A whole head at once, which costs a third of asking each line. No control characters: with a bare CR or LF in it one
 * response could pass for two. Each part ends where the next one begins, so that it never looks at a byte twice.
 */
const HEAD =
  /^HTTP\/1\.[01] [1-9]\d\d(?: [\t\x20-\x7e\x80-\xff]*)?(?:\r\n[!#$%&'*+.^_`|~\w-]+:[\t\x20-\x7e\x80-\xff]*)*$/
/** No zero in front, which some read as octal; 15 digits stay exact in a double. */
const LENGTH = /^(?:0|[1-9]\d{0,14})$/
const ONE = '1'.charCodeAt(0)
const LINE_END = '\r\n'

/**
 * Reads the head of a response, strictly: whoever reads it after us must find the same end of the message. What is
 * wrong is answered as a text: bare CR or LF, folded lines, names with blanks, several or signed Content-Length, both
 * Content-Length and Transfer-Encoding, any transfer coding but `chunked`, and that only in HTTP/1.1 (RFC 9112, 6.1).
 *
 * `text` is the latin1 text of the head without its last two line ends.
 */
export function parseResponseHead(text: string, hasNoBody: boolean): ParsedHead | string {
  if (!HEAD.test(text)) {
    return STATUS_LINE.test(text)
      ? 'a header has no name, a name with blanks, or holds a control character'
      : 'the first line is no status line of HTTP/1'
  }
  const firstEnd = endOfLine(text, 0)
  const isHttp11 = text.charCodeAt(7) === ONE
  const rawHeaders: string[] = []
  let length: string | undefined
  let isChunked = false
  let keepsAlive = isHttp11
  for (let at = firstEnd + 2, end = 0; at < text.length; at = end + 2) {
    end = endOfLine(text, at)
    const colon = text.indexOf(':', at)
    const name = text.slice(at, colon)
    const value = trimmed(text, colon + 1, end)
    rawHeaders.push(name, value)
    switch (name.length) {
      case 10:
        if (name.toLowerCase() === 'connection') keepsAlive = keptAlive(value, keepsAlive)
        break
      case 14:
        if (name.toLowerCase() !== 'content-length') break
        if (length !== undefined || !LENGTH.test(value)) return 'content-length is repeated or no number'
        length = value
        break
      case 17:
        if (name.toLowerCase() !== 'transfer-encoding') break
        if (isChunked || value.toLowerCase() !== 'chunked') return 'transfer-encoding is not just chunked'
        isChunked = true
        break
    }
  }
  if (isChunked && length !== undefined) return 'it has both content-length and transfer-encoding'
  if (isChunked && !isHttp11) return 'it has a transfer-encoding and is HTTP/1.0'
  const code = Number(text.slice(9, 12))
  // Never there (RFC 9110, 8.6), and a client that believes it waits for a body, or takes the next response for it.
  if (length !== undefined && (code < 200 || code === 204)) dropLength(rawHeaders)
  const isBodiless = hasNoBody || code < 200 || code === 204 || code === 304
  const framing = isBodiless
    ? 'none'
    : isChunked
      ? 'chunked'
      : length === undefined
        ? 'until-close'
        : Number(length)
  return {
    httpVersion: isHttp11 ? '1.1' : '1.0',
    status: code,
    reason: text.slice(13, firstEnd),
    rawHeaders,
    framing,
    keepsAlive: keepsAlive && framing !== 'until-close',
  }
}

function dropLength(rawHeaders: string[]): void {
  const at = rawHeaders.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === 'content-length')
  rawHeaders.splice(at, 2)
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf(LINE_END, from)
  return end < 0 ? text.length : end
}

/**
 * A part of the text without the blanks around it, as HTTP has them: `trim()` would take the last byte of UTF-8 text for a
 * non-breaking space, too.
 */
export function trimmed(text: string, from = 0, to: number = text.length): string {
  let start = from
  let end = to
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}

function keptAlive(value: string, before: boolean): boolean {
  if (value === 'keep-alive') return true
  const options = value.toLowerCase().split(',')
  if (options.some((option) => option.trim() === 'close')) return false
  return before || options.some((option) => option.trim() === 'keep-alive')
}

/** Whether the first bytes can still become `HTTP/1.`: nonsense is told at once, not at the limit or the time-out. */
export function startsAsHttp(bytes: Buffer): boolean {
  const start = bytes.toString('latin1', 0, 7)
  return 'HTTP/1.'.startsWith(start)
}
