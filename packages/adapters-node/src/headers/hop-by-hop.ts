/**
 * Fields that concern one connection alone and are never forwarded (RFC 9110, 7.6.1; Keep-Alive and Proxy-Connection by
 * custom; HTTP2-Settings, RFC 7540, 3.2.1). `Expect` and `TE` are among them because they are answered, or told to the pod, by us. Sorted out by length
 * first: this runs for each header of each message.
 */
export function isHopByHop(name: string): boolean {
  switch (name.length) {
    case 2:
      return name.toLowerCase() === 'te'
    case 6:
      return name.toLowerCase() === 'expect'
    case 7:
      return name.toLowerCase() === 'upgrade'
    case 10:
      return isConnection(name) || name.toLowerCase() === 'keep-alive'
    case 14:
      return (name.charCodeAt(0) | 0x20) === LOWER_H && name.toLowerCase() === 'http2-settings'
    case 16:
      return name.toLowerCase() === 'proxy-connection'
    case 17:
      return name.toLowerCase() === 'transfer-encoding'
    default:
      return false
  }
}

const LOWER_H = 0x68

/** True for the Connection header. */
function isConnection(name: string): boolean {
  return name.length === 10 && name.toLowerCase() === 'connection'
}

/**
 * The lower-case names that the Connection headers of a message name besides the usual; undefined if there are none.
 * What the next hop relies on cannot be named away, nor can `kept`, which the key is read from: `Connection: x-forwarded-for`
 * would otherwise let a client choose whom the pod believes to answer, and `Connection: x-session` hide from the pod the
 * session it was chosen for.
 */
export function connectionNames(
  rawHeaders: readonly string[],
  kept: readonly string[],
): Set<string> | undefined {
  let names: Set<string> | undefined
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    if (!isConnection(rawHeaders[i] as string)) continue
    const value = rawHeaders[i + 1] as string
    if (value === 'keep-alive' || value === 'close') continue
    for (const option of value.split(',')) {
      const name = option.trim().toLowerCase()
      if (name === '' || name === 'close' || isHopByHop(name) || isEndToEnd(name) || kept.includes(name))
        continue
      names ??= new Set()
      names.add(name)
    }
  }
  return names
}

/** Fields that frame, address or vouch for the message: taking them out would change what the message is. */
function isEndToEnd(name: string): boolean {
  return (
    name === 'host' ||
    name === 'cookie' ||
    name === 'authorization' ||
    name === 'forwarded' ||
    name === 'x-real-ip' ||
    name.startsWith('content-') ||
    name.startsWith('x-forwarded-')
  )
}
