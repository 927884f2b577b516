/**
 * Fields that no trailer section may hold (RFC 9110, 6.5.1): those that frame, route, authenticate or describe the message.
 * A reader that merges trailers into the headers would otherwise be told another message after the fact.
 */
const FORBIDDEN =
  /^(?:transfer-encoding|content-(?:length|encoding|type|range)|trailer|te|host|connection|keep-alive|proxy-.*|upgrade|http2-settings|expect|max-forwards|pragma|range|if-.*|authorization|www-authenticate|cookie|set-cookie|cache-control|age|date|expires|location|retry-after|vary|warning|via|forwarded|x-forwarded-.*|x-real-ip|x-limpet-moved)$/i

/** With `insecureHTTPParser` a trailer may hold what ends its line for some readers. */
const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/
const CONTROL = /[^\t\x20-\x7e\x80-\xff]/

/** The trailers, names and values in turn, that may be passed on. */
export function trailerFields(trailers: readonly string[]): readonly string[] {
  let allowed: string[] | undefined
  for (let i = 0; i + 1 < trailers.length; i += 2) {
    const name = trailers[i] as string
    const value = trailers[i + 1] as string
    // Underscores are hyphens to CGI. A pseudo header field here is malformed (RFC 9113, 8.1).
    if (FORBIDDEN.test(name.replaceAll('_', '-')) || !TOKEN.test(name) || CONTROL.test(value)) {
      allowed ??= trailers.slice(0, i)
    } else allowed?.push(name, value)
  }
  return allowed ?? trailers
}
