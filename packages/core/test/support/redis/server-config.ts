import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { selfSigned } from '../self-signed.ts'

/** What a server of the tests is like. All are off unless said. */
export interface RedisServerOptions {
  /** Keeps every write in a file that the next start reads. */
  readonly appendonly?: boolean
  /** When a snapshot is written, in the configuration's words: `'1 1'` is after a second with a write. A graceful end writes one, too. */
  readonly save?: string
  /** As in the configuration: `'2mb'`. */
  readonly maxmemory?: string
  /** What is evicted at `maxmemory`. Default: `noeviction`. */
  readonly policy?: string
  /** The password of the default user. */
  readonly requirepass?: string
  /** Users besides the default one, in the words of an ACL file: `'gateway on >secret ~limpet:* +get +set'`. */
  readonly users?: readonly string[]
  /** Speaks TLS only, with a certificate of its own for 127.0.0.1. */
  readonly tls?: boolean
  /** The port on loopback of the server that it copies. */
  readonly replicaOf?: number
  /** More lines of the configuration file. */
  readonly more?: readonly string[]
}

/** A configuration file for a server, and what clients need to know of it. */
export interface WrittenConfig {
  readonly file: string
  /** The certificate of a server with TLS, for clients to trust, as PEM. */
  readonly ca: string | undefined
}

/** Writes the configuration of a server, with the files it names, into its folder. */
export function writeConfig(folder: string, port: number, options: RedisServerOptions): WrittenConfig {
  const { appendonly = false, save = '', tls = false, requirepass, users, replicaOf } = options
  const lines = [
    'bind 127.0.0.1',
    `dir ${folder}`,
    'daemonize no',
    // Redis would otherwise wait five seconds for more replicas before it sends its data to the first.
    'repl-diskless-sync-delay 0',
    `appendonly ${appendonly ? 'yes' : 'no'}`,
    `save ${save || '""'}`,
    `maxmemory-policy ${options.policy ?? 'noeviction'}`,
    ...(options.more ?? []),
  ]
  if (options.maxmemory) lines.push(`maxmemory ${options.maxmemory}`)
  if (replicaOf) lines.push(`replicaof 127.0.0.1 ${replicaOf}`)
  if (requirepass) lines.push(`masterauth ${requirepass}`)
  if (users) {
    // A server that reads users from a file ignores `requirepass`.
    const access = requirepass ? `>${requirepass}` : 'nopass'
    const rules = [`default on ${access} ~* &* +@all`, ...users].map((rule) => `user ${rule}\n`)
    lines.push(`aclfile ${write(folder, 'users.acl', rules.join(''))}`)
  } else if (requirepass) lines.push(`requirepass ${requirepass}`)
  const ca = tls ? writeTls(folder, port, lines) : undefined
  if (!tls) lines.push(`port ${port}`)
  return { file: write(folder, 'server.conf', `${lines.join('\n')}\n`), ca }
}

function writeTls(folder: string, port: number, lines: string[]): string {
  const { cert, key } = selfSigned('127.0.0.1')
  const certFile = write(folder, 'cert.pem', cert)
  lines.push('port 0', `tls-port ${port}`, 'tls-auth-clients no', 'tls-replication yes')
  lines.push(`tls-cert-file ${certFile}`, `tls-key-file ${write(folder, 'key.pem', key)}`)
  lines.push(`tls-ca-cert-file ${certFile}`)
  return cert
}

function write(folder: string, name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text, { mode: 0o600 })
  return path
}
