/**
 * Names that CGI and its heirs (WSGI, Rack, PHP) show to a pod as the same variable as a header that frames the message:
 * underscores in place of hyphens.
 */
const SHADOW = /^(?:content[-_]length|transfer[-_]encoding)$/i

/**
 * True for a header of a request that a pod could take for what it is not: `Transfer_Encoding`, by which some decide where
 * the body ends, and `Proxy`, which CGI turns into the variable by which HTTP clients choose their proxy.
 */
export function isShadowHeader(name: string): boolean {
  if (name.length === 5) return name.toLowerCase() === 'proxy'
  return name.includes('_') && SHADOW.test(name)
}
