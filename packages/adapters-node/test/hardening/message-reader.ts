/**
 * A reader of HTTP/1.1 messages that is nobody's production code: written from RFC 9112 for these tests, apart from the
 * parsers of node and of `src/`. Strict by default; each leniency is one that a server is or was known for.
 */
export interface Dialect {
  readonly name: string
  /** What ends a line besides CRLF. */
  readonly lineEnd?: 'lf' | 'cr'
  /** Which of several Content-Length counts; strict: none. */
  readonly lengths?: 'first' | 'last'
  /** Content-Length and Transfer-Encoding together; strict: refused. */
  readonly both?: 'coding' | 'length'
  /** What counts as chunked; strict: that word alone. */
  readonly coding?: 'contains' | 'ends'
  /** `+5`, `5 bytes`, `0x5` as a length and as a chunk's size; strict: digits. */
  readonly isNumberLoose?: boolean
  /** `Name : value`, `na me: value`, lines without colon; strict: refused. */
  readonly isNameLoose?: boolean
  /** Underscores are hyphens. */
  readonly isUnderscoreHyphen?: boolean
  /** Lines that begin with a blank; strict: refused. */
  readonly folds?: 'joined' | 'dropped'
  /** A NUL ends a line; strict: refused. */
  readonly isNulEnd?: boolean
  /** Trailers count as headers: the message is framed by them, too. */
  readonly mergesTrailers?: boolean
}

export const STRICT: Dialect = { name: 'strict' }

export const LENIENT: readonly Dialect[] = [
  { name: 'bare LF ends a line', lineEnd: 'lf', isNameLoose: true },
  { name: 'bare CR ends a line', lineEnd: 'cr', isNameLoose: true },
  { name: 'first length, coding before length', lengths: 'first', both: 'coding', isNameLoose: true },
  { name: 'last length, length before coding', lengths: 'last', both: 'length', isNameLoose: true },
  {
    name: 'any coding with chunked in it',
    coding: 'contains',
    both: 'coding',
    lengths: 'last',
    isNumberLoose: true,
  },
  {
    name: 'any coding that ends in chunked',
    coding: 'ends',
    both: 'length',
    lengths: 'first',
    isNumberLoose: true,
  },
  { name: 'folded lines joined', folds: 'joined', isNameLoose: true },
  { name: 'folded lines dropped', folds: 'dropped', isNameLoose: true, isNumberLoose: true },
  { name: 'underscores are hyphens', isUnderscoreHyphen: true, both: 'coding', lengths: 'first' },
  {
    name: 'underscores are hyphens, length first',
    isUnderscoreHyphen: true,
    both: 'length',
    lengths: 'last',
  },
  { name: 'NUL ends a line', isNulEnd: true, isNameLoose: true, isNumberLoose: true },
  { name: 'trailers are headers', mergesTrailers: true },
]

export interface Message {
  /** The request line or the status line. */
  readonly start: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string
  readonly trailers: readonly (readonly [string, string])[]
}

export interface Reading {
  readonly messages: readonly Message[]
  /** What stands behind the last complete message. */
  readonly rest: string
  /** Why reading ended there; undefined: more bytes are needed, or none are left. */
  readonly fault: string | undefined
}

/** How the body of one message is found where its head does not say; `until-close` ends with the bytes. */
type BodyRule = (start: string) => 'none' | 'as-framed' | 'until-close'

/** Reads requests one after another. */
export function readRequests(text: string, dialect: Dialect = STRICT): Reading {
  return readAll(text, dialect, () => 'as-framed')
}

/**
 * Reads responses to requests of these methods, one after another; interim ones (1xx) do not take a method. `isEnded`:
 * the connection was closed behind the bytes.
 */
export function readResponses(
  text: string,
  methods: readonly string[],
  isEnded: boolean,
  dialect: Dialect = STRICT,
): Reading {
  let turn = 0
  return readAll(text, dialect, (start) => {
    const status = Number(start.split(' ')[1])
    if (status < 200) return 'none'
    const method = methods[turn++]
    if (method === 'HEAD' || status === 204 || status === 304) return 'none'
    return isEnded ? 'until-close' : 'as-framed'
  })
}

class Fault extends Error {}
class Incomplete extends Error {}

function readAll(text: string, dialect: Dialect, rule: BodyRule): Reading {
  const messages: Message[] = []
  let at = 0
  try {
    while (at < text.length) {
      const cursor = new Cursor(text, at, dialect)
      messages.push(readMessage(cursor, dialect, rule))
      at = cursor.at
    }
  } catch (error) {
    if (error instanceof Fault) return { messages, rest: text.slice(at), fault: error.message }
    if (!(error instanceof Incomplete)) throw error
  }
  return { messages, rest: text.slice(at), fault: undefined }
}

function readMessage(cursor: Cursor, dialect: Dialect, rule: BodyRule): Message {
  const start = cursor.line()
  const isResponse = /^HTTP\//.test(start)
  if (
    isResponse
      ? !/^HTTP\/1\.[01] \d{3}( |$)/.test(start)
      : !/^[A-Z-]+ [!-~\x80-\xff]+ HTTP\/1\.[01]$/.test(start)
  )
    throw new Fault(`start line ${JSON.stringify(start)}`)
  const headers = readFields(cursor, dialect)
  const how = rule(start)
  const trailers: [string, string][] = []
  let body = ''
  const framing = framingOf(headers, dialect)
  if (how === 'none') body = ''
  else if (framing === 'chunked') {
    body = readChunks(cursor, dialect)
    trailers.push(...readFields(cursor, dialect))
    if (dialect.mergesTrailers) framingOf([...headers, ...trailers], dialect)
  } else if (framing !== undefined) body = cursor.take(framing)
  else if (isResponse) {
    if (how !== 'until-close') throw new Incomplete()
    body = cursor.take(cursor.left)
  }
  return { start, headers, body, trailers }
}

function framingOf(
  headers: readonly (readonly [string, string])[],
  dialect: Dialect,
): number | 'chunked' | undefined {
  const valuesOf = (wanted: string) =>
    headers
      .filter(
        ([name]) => (dialect.isUnderscoreHyphen ? name.replaceAll('_', '-') : name).toLowerCase() === wanted,
      )
      .map(([, value]) => value)
  const lengths = valuesOf('content-length').flatMap((value) =>
    dialect.lengths ? value.split(',') : [value],
  )
  const codings = valuesOf('transfer-encoding').join(', ').toLowerCase()
  const isChunked =
    dialect.coding === 'contains'
      ? codings.includes('chunked')
      : dialect.coding === 'ends'
        ? codings.endsWith('chunked')
        : codings === 'chunked'
  if (!isChunked && codings !== '' && dialect.coding === undefined) throw new Fault(`coding ${codings}`)
  if (lengths.length > 1 && dialect.lengths === undefined) throw new Fault('several lengths')
  if (lengths.length > 0 && codings !== '' && dialect.both === undefined) throw new Fault('length and coding')
  const length = dialect.lengths === 'last' ? lengths.at(-1) : lengths[0]
  if (isChunked && (length === undefined || dialect.both !== 'length')) return 'chunked'
  return length === undefined ? undefined : numberOf(length.trim(), 10, dialect)
}

function readChunks(cursor: Cursor, dialect: Dialect): string {
  let body = ''
  for (;;) {
    const line = cursor.line()
    const size = numberOf(line.split(';')[0] as string, 16, dialect)
    if (size === 0) return body
    body += cursor.take(size)
    if (cursor.line() !== '') throw new Fault('a chunk longer than its size')
  }
}

function readFields(cursor: Cursor, dialect: Dialect): [string, string][] {
  const fields: [string, string][] = []
  for (let line = cursor.line(); line !== ''; line = cursor.line()) {
    if (/^[ \t]/.test(line)) {
      const last = fields.at(-1)
      if (dialect.folds === undefined || !last) throw new Fault('a folded line')
      if (dialect.folds === 'joined') last[1] += ` ${line.trim()}`
      continue
    }
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(colon, 0))
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name) && !dialect.isNameLoose)
      throw new Fault(`header ${JSON.stringify(line)}`)
    fields.push([name.trim(), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')])
  }
  return fields
}

function numberOf(text: string, base: 10 | 16, dialect: Dialect): number {
  if (dialect.isNumberLoose) return Number.parseInt(text, base) || 0
  if (!(base === 10 ? /^\d{1,15}$/ : /^[\da-fA-F]{1,12}$/).test(text))
    throw new Fault(`number ${JSON.stringify(text)}`)
  return Number.parseInt(text, base)
}

class Cursor {
  at: number
  readonly #text: string
  readonly #dialect: Dialect

  constructor(text: string, at: number, dialect: Dialect) {
    this.#text = text
    this.at = at
    this.#dialect = dialect
  }

  get left(): number {
    return this.#text.length - this.at
  }

  take(count: number): string {
    if (count > this.left) throw new Incomplete()
    const from = this.at
    this.at += count
    return this.#text.slice(from, this.at)
  }

  line(): string {
    const { lineEnd, isNulEnd } = this.#dialect
    const end = lineEnd === 'lf' ? /\r?\n/g : lineEnd === 'cr' ? /\r\n?/g : /\r\n/g
    end.lastIndex = this.at
    const found = end.exec(this.#text)
    if (!found) throw new Incomplete()
    let line = this.#text.slice(this.at, found.index)
    this.at = end.lastIndex
    if (isNulEnd) line = line.split('\0')[0] as string
    if (/[^\t\x20-\x7e\x80-\xff]/.test(line) && lineEnd === undefined)
      throw new Fault(`control in ${JSON.stringify(line)}`)
    return line
  }
}
