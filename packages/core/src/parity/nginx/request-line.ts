import type { RequestLike } from '../../key/request-like.ts'

/** `$request_uri`: the target as it was sent; of an absolute URL what stands behind the host, with `/` for nothing. */
export function requestUri({ url = '' }: RequestLike): string {
  if (url.startsWith('/')) return url
  const scheme = url.indexOf('://')
  if (scheme < 0) return url
  const path = url.slice(scheme + 3).search(/[/?]/)
  return path < 0 ? '/' : url.slice(scheme + 3 + path)
}

/** `$args`: what stands between the first `?` and the next `#`; empty if there is nothing, or a `#` comes first. */
export function queryArguments(request: RequestLike): string {
  const uri = requestUri(request)
  const hash = uri.indexOf('#')
  const mark = uri.indexOf('?')
  const end = hash < 0 ? uri.length : hash
  return mark < 0 ? '' : uri.slice(mark + 1, end)
}

/** `$arg_NAME`: the first argument of that name, in any case, with a `=`; its value as it was sent. */
export function argumentVariable(request: RequestLike, lowerName: string): string | undefined {
  const text = queryArguments(request)
  for (let from = 0; from < text.length; ) {
    const ampersand = text.indexOf('&', from)
    const end = ampersand < 0 ? text.length : ampersand
    const equals = from + lowerName.length
    if (equals < end && text[equals] === '=' && text.slice(from, equals).toLowerCase() === lowerName) {
      return text.slice(equals + 1, end)
    }
    from = end + 1
  }
  return undefined
}
