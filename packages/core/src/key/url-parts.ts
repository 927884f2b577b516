/** Path of a request target: `/a/b` of `/a/b?c`, and of an absolute URL. */
export function pathOf(target: string): string {
  const from = pathStart(target)
  return target.slice(from, endOf(target, from))
}

/** Query of a request target without its `?`, empty if there is none. */
export function queryOf(target: string): string {
  const mark = target.indexOf('?')
  if (mark < 0) return ''
  const hash = target.indexOf('#', mark)
  return target.slice(mark + 1, hash < 0 ? target.length : hash)
}

function pathStart(target: string): number {
  if (target.startsWith('/')) return 0
  const scheme = target.indexOf('://')
  if (scheme < 0) return target.length
  // A slash in the query begins no path: `http://a?b=/c` has none.
  const rest = target.slice(scheme + 3).search(/[/?#]/)
  return rest < 0 ? target.length : scheme + 3 + rest
}

function endOf(target: string, from: number): number {
  for (let i = from; i < target.length; i++) {
    const code = target.charCodeAt(i)
    if (code === 0x3f || code === 0x23) return i
  }
  return target.length
}
