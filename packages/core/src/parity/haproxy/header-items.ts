const DOUBLE_QUOTE = 0x22
const COMMA = 0x2c
const BACKSLASH = 0x5c

/** Without HAProxy's linear white space (SP, HTAB, CR, LF) at both ends. */
export function withoutLws(text: string): string {
  let from = 0
  let to = text.length
  while (from < to && isLws(text.charCodeAt(from))) from++
  while (to > from && isLws(text.charCodeAt(to - 1))) to--
  return from === 0 && to === text.length ? text : text.slice(from, to)
}

/** The first item of a header's line as a list, trimmed; its quotes stay in it. */
export function firstItem(line: string): string {
  return withoutLws(line.slice(0, itemEnd(line, 0)))
}

/**
 * The items of a header's line as a list, trimmed, empty ones included. A line without any has one empty item, as in HAProxy
 * (`http_find_header` of http_htx.c).
 */
export function items(line: string): string[] {
  const found: string[] = []
  for (let from = 0; from <= line.length; ) {
    const end = itemEnd(line, from)
    found.push(withoutLws(line.slice(from, end)))
    from = end + 1
  }
  return found
}

/** Where the item from `from` on ends: at the next comma outside double quotes, or at the end. */
function itemEnd(line: string, from: number): number {
  let isQuoted = false
  for (let i = from; i < line.length; i++) {
    const code = line.charCodeAt(i)
    if (code === DOUBLE_QUOTE) isQuoted = !isQuoted
    else if (isQuoted && code === BACKSLASH) i++
    else if (!isQuoted && code === COMMA) return i
  }
  return line.length
}

function isLws(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0d || code === 0x0a
}
