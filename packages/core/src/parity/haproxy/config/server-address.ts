import { ipBytes } from '../ip-bytes.ts'
import { HOST_NAME } from '../server-options.ts'
import { configFault, shown } from './config-fault.ts'

/** What stands where a `server` line has its address. */
export type WrittenAddress =
  | { readonly kind: 'ip' | 'name'; readonly host: string; readonly port: number; readonly isOffset: boolean }
  | { readonly kind: 'path'; readonly host: string }
  /** The address that the client connected to, or no network address at all. */
  | { readonly kind: 'none' }

const PATH = /^(?:unix@|uxst@)?(\/.*)$/s
const NO_NETWORK = /^(?:unix|uxst|uxdg|abnsz?|fd|sockpair|rhttp)@/
const NETWORK =
  /^(?:(?:stream|dgram|quic)\+)?(?:(?:ip|ipv4|ipv6|tcp|tcp4|tcp6|mptcp|mptcp4|mptcp6|udp|udp4|udp6|quic4|quic6)@)?/
const PORT = /^(?:([+-])?(\d{1,5}))?$/

/** Reads `[<family>@]<host>[:[+|-]<port>]` as `str2sa_range` of tools.c does. */
export function writtenAddress(text: string, line: number): WrittenAddress {
  if (text.includes('$'))
    throw configFault(line, 'the value of a variable of the environment is not in the text; write it out')
  const path = PATH.exec(text)?.[1]
  if (path !== undefined) return { kind: 'path', host: path }
  if (NO_NETWORK.test(text)) return { kind: 'none' }
  const rest = text.replace(NETWORK, '')
  const colon = rest.lastIndexOf(':')
  const hasPort = colon >= 0 && colon > rest.lastIndexOf(']')
  const host = hasPort ? rest.slice(0, colon) : rest
  const port = PORT.exec(hasPort ? rest.slice(colon + 1) : '')
  const number = Number(port?.[2] ?? 0)
  if (port === null || number > 65_535) throw configFault(line, `${shown(text)} has no port from 0 to 65535`)
  if (host === '' || host === '*') return { kind: 'none' }
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
  const kind = ipBytes(bare) !== undefined ? 'ip' : HOST_NAME.test(bare) ? 'name' : undefined
  if (kind === undefined) throw configFault(line, `${shown(text)} is no address`)
  return { kind, host: bare, port: number, isOffset: port[1] !== undefined }
}
