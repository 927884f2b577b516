import { isIPv6 } from 'node:net'
import { crc32Byte, crc32Update } from '../crc32.ts'
import { textBytes } from '../wire-bytes.ts'

/** How nginx's `hash … consistent` takes the text behind `server` apart (ngx_http_upstream_hash_module.c, init_chash). */
interface HostAndPort {
  readonly host: string
  /** Digits, or empty. */
  readonly port: string
}

/** The two parts that are hashed. Neither is normalised: `10.0.0.1` and `10.0.0.1:80` are two names with two sets of points. */
export function hostAndPort(name: string): HostAndPort {
  if (isUnix(name)) return { host: name.slice(UNIX.length), port: '' }
  const colon = name.lastIndexOf(':')
  if (colon < 0 || !/^\d*$/.test(name.slice(colon + 1))) return { host: name, port: '' }
  return { host: name.slice(0, colon), port: name.slice(colon + 1) }
}

/** The CRC-32 state behind the host, one zero byte and the port: where a server's chain of points begins. */
export function nameState(start: number, name: string): number {
  const { host, port } = hostAndPort(name)
  return crc32Update(crc32Byte(crc32Update(start, textBytes(host)), 0), textBytes(port))
}

/** What a `server` listens on, and how sure that is one address; or why nginx would not take the text. */
export type ServerAddress =
  | { readonly kind: 'literal' | 'name'; readonly address: string }
  | { readonly kind: 'broken'; readonly reason: string }

/** Reads the text behind `server` as nginx does (ngx_inet.c, ngx_parse_url); the port is 80 where there is none. */
export function serverAddress(name: string): ServerAddress {
  if (isUnix(name)) return unixAddress(name)
  const { host, port } = hostAndPort(name)
  if (host === '') return broken('has no host')
  if (name.endsWith(':') || (port !== '' && !isPort(port)))
    return broken('has a port that is not from 1 to 65535')
  const number = port === '' ? 80 : Number(port)
  if (host.startsWith('[')) {
    const isLiteral = host.endsWith(']') && isIPv6(host.slice(1, -1)) && !host.includes('%')
    return isLiteral
      ? { kind: 'literal', address: `${host}:${number}` }
      : broken('has an invalid IPv6 address')
  }
  if (/[\s:/?[\]\0]/.test(host)) return broken('is no address, name or unix socket')
  const octets = decimalOctets(host)
  if (octets) return { kind: 'literal', address: `${octets.join('.')}:${number}` }
  return { kind: 'name', address: `${host}:${number}` }
}

const UNIX = 'unix:'
/** sun_path has 108 bytes, the last of them zero. */
const MOST_PATH_BYTES = 107

function isUnix(name: string): boolean {
  return name.slice(0, UNIX.length).toLowerCase() === UNIX
}

function unixAddress(name: string): ServerAddress {
  const path = name.slice(UNIX.length)
  if (path === '' || path.includes('\0')) return broken('has no path of a socket')
  if (textBytes(path).length > MOST_PATH_BYTES)
    return broken(`has a path of more than ${MOST_PATH_BYTES} bytes`)
  return { kind: 'literal', address: `${UNIX}${path}` }
}

function isPort(digits: string): boolean {
  return digits.length <= 20 && Number(digits) >= 1 && Number(digits) <= 65_535
}

/** Octets are decimal to nginx, also those that begin with a zero. */
function decimalOctets(host: string): readonly number[] | undefined {
  if (!/^\d+\.\d+\.\d+\.\d+$/.test(host)) return undefined
  const octets = host.split('.').map(Number)
  return octets.every((octet) => octet <= 255) ? octets : undefined
}

function broken(reason: string): ServerAddress {
  return { kind: 'broken', reason }
}
