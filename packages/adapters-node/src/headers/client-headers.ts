import type { TLSSocket } from 'node:tls'
import type { DownstreamRequest } from '../downstream/downstream-request.ts'
import { viaEntry } from './via.ts'

/** How the pod is told of the client. */
export interface ForwardedOptions {
  /** Whether the peer may say for whom it speaks in X-Forwarded-*, Forwarded and X-Real-IP. */
  readonly isTrusted: (request: DownstreamRequest) => boolean
  /** Which headers tell the pod of its client: X-Forwarded-*, Forwarded (RFC 7239), both, or none. */
  readonly forwarded: 'x-forwarded' | 'rfc7239' | 'both' | 'none'
  /** Our name in Via (RFC 9110, 7.6.3); undefined sends none. */
  readonly via: string | undefined
}

/** With underscores too: CGI and its heirs show `X_Forwarded_For` to a pod as the same variable. */
const VOUCHING = /^(?:x[-_]forwarded[-_].*|x[-_]real[-_]ip|forwarded)$/i

const PROTO = 1
const HOST = 2
const PORT = 4

/**
 * The headers in which proxies tell of the client. From a peer that is not trusted none is passed on, in whatever
 * spelling; from a trusted one they are kept and continued.
 */
export class ClientHeaders {
  readonly #request: DownstreamRequest
  readonly #options: ForwardedOptions
  #isTrusted: boolean | undefined
  #kept = 0
  #for = ''
  #forwarded = ''
  #via = ''

  constructor(request: DownstreamRequest, options: ForwardedOptions) {
    this.#request = request
    this.#options = options
  }

  /** Looks at a header of the client; true = it is not to be passed on as it is. */
  takes(name: string, value: string): boolean {
    const first = name.charCodeAt(0) | 0x20
    if (first !== LOWER_X && first !== LOWER_F && first !== LOWER_V) return false
    if (name.length === 3) {
      if (this.#options.via === undefined || name.toLowerCase() !== 'via') return false
      this.#via = joined(this.#via, value)
      return true
    }
    if (name.length < 9 || !VOUCHING.test(name)) return false
    this.#isTrusted ??= this.#options.isTrusted(this.#request)
    return this.#isTrusted ? this.#keeps(name.toLowerCase(), value) : true
  }

  /** Adds what the pod is told. `host` = the client's own Host, empty if it sent none. */
  write(headers: string[], host: string): void {
    const { forwarded, via } = this.#options
    const request = this.#request
    const { socket } = request
    const tellsX = forwarded === 'x-forwarded' || forwarded === 'both'
    const tellsForwarded = forwarded === 'rfc7239' || forwarded === 'both'
    const peer = plainAddress(socket.remoteAddress ?? 'unknown')
    const proto = (socket as TLSSocket).encrypted === true ? 'https' : 'http'
    const forwardedFor = tellsX ? joined(this.#for, peer) : this.#for
    if (forwardedFor !== '') headers.push('X-Forwarded-For', forwardedFor)
    if (tellsX) {
      if (!(this.#kept & PROTO)) headers.push('X-Forwarded-Proto', proto)
      if (!(this.#kept & HOST) && host !== '') headers.push('X-Forwarded-Host', host)
      const port = socket.localPort
      if (!(this.#kept & PORT) && port !== undefined) headers.push('X-Forwarded-Port', String(port))
    }
    const elements = tellsForwarded
      ? joined(this.#forwarded, forwardedElement(peer, host, proto))
      : this.#forwarded
    if (elements !== '') headers.push('Forwarded', elements)
    if (via !== undefined) headers.push('Via', joined(this.#via, viaEntry(request.httpVersion, via)))
  }

  #keeps(lowerName: string, value: string): boolean {
    switch (lowerName) {
      case 'x-forwarded-for':
        this.#for = joined(this.#for, value)
        return true
      case 'forwarded':
        this.#forwarded = joined(this.#forwarded, value)
        return true
      case 'x-forwarded-proto':
        this.#kept |= PROTO
        return false
      case 'x-forwarded-host':
        this.#kept |= HOST
        return false
      case 'x-forwarded-port':
        this.#kept |= PORT
        return false
      default:
        return false
    }
  }
}

const LOWER_X = 0x78
const LOWER_F = 0x66
const LOWER_V = 0x76

/** One element of `Forwarded` (RFC 7239, 4 and 6): IPv6 addresses and hosts with ports stand in quotes. */
function forwardedElement(peer: string, host: string, proto: string): string {
  const node = peer.includes(':') ? `"[${peer}]"` : peer
  const asked = host === '' ? '' : `;host=${quoted(host)}`
  return `for=${node}${asked};proto=${proto}`
}

function quoted(value: string): string {
  if (/^[!#$%&'*+.^_`|~\w-]+$/.test(value)) return value
  return `"${value.replaceAll(/["\\]/g, '\\$&')}"`
}

function joined(before: string, value: string): string {
  return before === '' ? value : `${before}, ${value}`
}

/** A dual-stack socket shows IPv4 peers as `::ffff:10.0.0.1`; pods expect `10.0.0.1`. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}
