import { textBytes } from '../wire-bytes.ts'
import { fullHash } from './full-hash.ts'
import type { HaproxyHashKey } from './haproxy-options.ts'
import { ipBytes } from './ip-bytes.ts'
import { xxh32 } from './xxh32.ts'

/** What a server's positions on the ring may be counted from. */
export interface ServerIdentity {
  readonly hashKey: HaproxyHashKey
  readonly id: number
  readonly idMode: 'classic' | '3.0-regression'
  readonly address: string | undefined
  readonly port: number
  readonly guid: string | undefined
}

/**
 * The number from which a server's nodes are counted (`chash_compute_server_key` of lb_chash.c, on little-endian machines). What a
 * server lacks for its hash key is replaced by its id.
 */
export function serverBase(server: ServerIdentity): number {
  const { hashKey, guid, port } = server
  switch (hashKey) {
    case 'id32':
      return fullHash(swapped(server.id))
    case 'guid':
      return guid === undefined ? idBase(server) : xxh32(textBytes(guid), 0)
    case 'addr':
    case 'addr-port': {
      const bytes = server.address === undefined ? undefined : ipBytes(server.address)
      if (bytes === undefined) return idBase(server)
      const seed = hashKey === 'addr' ? 0 : fullHash(port)
      return bytes.length === 4 ? fullHash(seed + littleEndian(bytes)) : xxh32(bytes, seed)
    }
    default:
      return idBase(server)
  }
}

/** Ids that are equal in their low 20 bits get the same positions, a trap of HAProxy's own. */
function idBase({ id, idMode }: ServerIdentity): number {
  return idMode === 'classic' ? Math.imul(id, 4096) >>> 0 : fullHash(id)
}

function littleEndian(bytes: Uint8Array): number {
  const [a = 0, b = 0, c = 0, d = 0] = bytes
  return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0
}

function swapped(id: number): number {
  return ((id & 0xff) << 24) | ((id & 0xff00) << 8) | ((id >>> 8) & 0xff00) | (id >>> 24)
}
