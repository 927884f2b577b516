import { isIP } from 'node:net'
import { invalidOption } from '../../option.ts'

/** Where a DNS server listens. */
export interface ServerAddress {
  /** An IP address, with its scope where it has one: `fe80::1%eth0`. */
  readonly host: string
  readonly port: number
}

export const DNS_PORT = 53

/** Reads `10.0.0.10`, `10.0.0.10:5353`, `fd00::a`, `[fd00::a]:5353`; undefined for anything else, host names included. */
export function serverAddress(text: string): ServerAddress | undefined {
  if (isIP(text)) return { host: text, port: DNS_PORT }
  const [, ipv6, ipv4, digits] = /^(?:\[([^\]]+)\]|([\d.]+)):(\d{1,5})$/.exec(text) ?? []
  const [host, port] = [ipv6 ?? ipv4 ?? '', Number(digits)]
  const isComplete = isIP(host) === (ipv6 === undefined ? 4 : 6) && port >= 1 && port <= 65_535
  return isComplete ? { host, port } : undefined
}

/** A server as users write it. */
export function serverOption(path: string, value: unknown): ServerAddress {
  const server = typeof value === 'string' ? serverAddress(value) : undefined
  if (!server) throw invalidOption(path, 'an IP address such as 10.0.0.10 or [fd00::a]:53', value)
  return server
}

export function serverText({ host, port }: ServerAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
