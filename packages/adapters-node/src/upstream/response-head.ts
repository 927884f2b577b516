import type { ResponseHead } from './upstream.ts'

/** How the end of a body is found (RFC 9112, 6.3). */
type Framing = 'none' | 'chunked' | 'until-close' | number

/** A parsed head: what is forwarded, and what the connection does with it. */
export interface ParsedHead extends ResponseHead {
  readonly framing: Framing
  /** The connection may serve another exchange afterwards. */
  readonly keepsAlive: boolean
}

/** Control characters that no head may hold: with CR or LF among them one response could pass for two. */
const FORBIDDEN = /[^\t\x20-\x7e\x80-\xff]/
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: (.*))?$/
const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/
/** No zero in front, which some read as octal; 15 digits stay exact in a double. */
const LENGTH = /^(?:0|[1-9]\d{0,14})$/
/** Blanks as HTTP has them: `trim()` would take the last byte of UTF-8 text for a non-breaking space, too. */
const BLANKS = /^[ \t]+|[ \t]+$/g

/**
 * Reads the head of a response, strictly: whoever reads it after us must find the same end of the message. What is
 * wrong is answered as a text: bare CR or LF, folded lines, names with blanks, several or signed Content-Length, both
 * Content-Length and Transfer-Encoding, any transfer coding but `chunked`, and that only in HTTP/1.1 (RFC 9112, 6.1).
 *
 * `text` is the latin1 text of the head without its last two line ends.
 */
export function parseResponseHead(text: string, hasNoBody: boolean): ParsedHead | string {
  const lines = text.split('\r\n')
  const status = STATUS_LINE.exec(lines[0] as string)
  if (!status || FORBIDDEN.test(lines[0] as string)) return 'the first line is no status line of HTTP/1'
  const rawHeaders: string[] = []
  let length: string | undefined
  let isChunked = false
  let keepsAlive = status[1] === '1'
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i] as string
    const colon = line.indexOf(':')
    const name = line.slice(0, colon)
    if (colon < 1 || !TOKEN.test(name)) return 'a header has no name, or one with blanks'
    if (FORBIDDEN.test(line)) return 'a header holds a control character'
    const value = trimmed(line.slice(colon + 1))
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
  if (isChunked && status[1] === '0') return 'it has a transfer-encoding and is HTTP/1.0'
  const code = Number(status[2])
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
    httpVersion: `1.${status[1]}`,
    status: code,
    reason: status[3] ?? '',
    rawHeaders,
    framing,
    keepsAlive: keepsAlive && framing !== 'until-close',
  }
}

function dropLength(rawHeaders: string[]): void {
  const at = rawHeaders.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === 'content-length')
  rawHeaders.splice(at, 2)
}

/** Without the blanks around it. */
export function trimmed(text: string): string {
  return text.replace(BLANKS, '')
}

function keptAlive(value: string, before: boolean): boolean {
  const options = value.toLowerCase().split(',')
  if (options.some((option) => option.trim() === 'close')) return false
  return before || options.some((option) => option.trim() === 'keep-alive')
}
