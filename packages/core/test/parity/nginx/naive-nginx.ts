import { crc32 as zlibCrc32 } from 'node:zlib'

/** A server of the naive nginx. */
export interface NaiveServer {
  readonly server: string
  readonly weight: number
  readonly down: boolean
}

/**
 * nginx's walk written down once more, the slow way and from its description: lists of points, zlib's CRC-32, no sharing. Answers the servers
 * in the order in which they are tried while all of them refuse, to the 21st try that leads to none.
 */
export function naiveAttempts(method: string, servers: readonly NaiveServer[], key: Buffer): string[] {
  if (servers.length === 1) return servers.filter(({ down }) => !down).map(({ server }) => server)
  if (key.length === 0) return []
  const places = method === 'hash consistent' ? ringPlaces(servers, key) : moduloPlaces(servers, key)
  const tried: string[] = []
  for (let tries = 0, moves = 0; tries <= 20; ) {
    const at = servers[places(moves)] as NaiveServer
    if (!at.down && !tried.includes(at.server)) {
      tried.push(at.server)
      if (method === 'hash') moves++
    } else {
      tries++
      moves++
    }
  }
  return tried
}

/** All points in order, those of one position but the first left out. */
export function naivePoints(servers: readonly NaiveServer[]): { position: number; owner: number }[] {
  const points = servers.flatMap(({ server, weight }, owner) => {
    const colon = server.lastIndexOf(':')
    const base = zlibCrc32(`${server.slice(0, colon)}\0${server.slice(colon + 1)}`)
    const previous = Buffer.alloc(4)
    return Array.from({ length: 160 * weight }, () => {
      const position = zlibCrc32(previous, base)
      previous.writeUInt32LE(position)
      return { position, owner }
    })
  })
  points.sort((a, b) => a.position - b.position)
  return points.filter(({ position }, index) => position !== points[index - 1]?.position)
}

function ringPlaces(servers: readonly NaiveServer[], key: Buffer): (move: number) => number {
  const points = naivePoints(servers)
  const hash = zlibCrc32(key)
  const found = points.findIndex(({ position }) => position >= hash)
  const first = Math.max(found, 0)
  return (move) => points[(first + move) % points.length]?.owner as number
}

function moduloPlaces(servers: readonly NaiveServer[], key: Buffer): (move: number) => number {
  const wide = servers.flatMap(({ weight }, index) => new Array<number>(weight).fill(index))
  return (move) => {
    let sum = 0
    for (let rehash = 0; rehash <= move; rehash++) {
      const text = rehash === 0 ? '' : String(rehash)
      sum += (zlibCrc32(Buffer.concat([Buffer.from(text), key])) >>> 16) & 0x7fff
    }
    return wide[sum % wide.length] as number
  }
}

/** The four bytes whose CRC-32 is `crc`: each byte of the register undone, from the last. */
export function keyOfCrc(crc: number): Buffer {
  const table = Array.from({ length: 256 }, (_, byte) => {
    let value = byte
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
    return value >>> 0
  })
  let state = ~crc >>> 0
  for (let left = 4; left > 0; left--) {
    const index = table.findIndex((value) => value >>> 24 === state >>> 24)
    state = (((state ^ (table[index] as number)) << 8) | index) >>> 0
  }
  const key = Buffer.alloc(4)
  key.writeUInt32LE((state ^ 0xffffffff) >>> 0)
  return key
}
