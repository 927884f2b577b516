import type { Agent } from 'node:http'
import type { SecureContextOptions } from 'node:tls'

/** Who we are to the API server, and by what we know it: for one request. */
export interface Access {
  readonly headers: Readonly<Record<string, string>>
  readonly tls: SecureTarget
  /** Opens the connections; undefined: our own. */
  readonly agent?: Agent
}

/** What a TLS connection needs. Two are the same connection if their fields are. */
export interface SecureTarget
  extends Pick<SecureContextOptions, 'ca' | 'cert' | 'key' | 'pfx' | 'passphrase'> {
  readonly servername?: string
  readonly rejectUnauthorized?: boolean
}

/** Asked before each request, since tokens and certificates are replaced while a process runs. */
export type AccessSource = () => Promise<Access>
