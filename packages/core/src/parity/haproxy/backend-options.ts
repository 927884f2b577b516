import { StickyError } from '../../error.ts'
import { choiceOption, integerOption, invalidOption, optionsObject } from '../../option.ts'
import type { Backend } from './backend.ts'
import { readBalance } from './balance.ts'
import type { HaproxyHashOptions, HaproxyServer } from './haproxy-options.ts'
import type { KeyCut } from './key-cut.ts'
import { MAX_NODES, MAX_RETRIES, MAX_SERVERS } from './limits.ts'
import { NODES_PER_WEIGHT } from './node-ring.ts'
import { serverBase } from './server-base.ts'
import { serverIds } from './server-ids.ts'
import { type CheckedServer, flagOption, HASH_KEYS, readServer } from './server-options.ts'
import { addressHash, HASH_FUNCTIONS, type KeyHash, keyHash } from './string-hash.ts'

const KNOWN = [
  'servers',
  'balance',
  'hashType',
  'fn',
  'avalanche',
  'hashKey',
  'idMode',
  'allBackups',
  'retries',
  'redispatch',
] as const

/** Checks the options and works out what follows of them. Throws a StickyError that names the option. */
export function backendOf(given: HaproxyHashOptions): Backend {
  const options = optionsObject('haproxyHash', given, KNOWN)
  const hashType = choiceOption('haproxyHash.hashType', options.hashType ?? 'map-based', [
    'map-based',
    'consistent',
  ])
  const defaultKey = choiceOption('haproxyHash.hashKey', options.hashKey ?? 'id', HASH_KEYS)
  const idMode = choiceOption('haproxyHash.idMode', options.idMode ?? 'classic', [
    'classic',
    '3.0-regression',
  ])
  const checked = serversOf(options.servers)
  const ids = serverIds(checked.map(({ id }) => id))
  const servers = checked.map((server, index): HaproxyServer => {
    const { name, weight, isBackup, isDisabled, address, port } = server
    return Object.freeze({
      name,
      address: place(address, port),
      id: ids[index] as number,
      weight,
      isBackup,
      isDisabled,
    })
  })
  const bases = checked.map((server, index) => {
    const hashKey = server.hashKey ?? defaultKey
    refuseUnknownAddress(server, hashKey, index)
    const address = server.address?.kind === 'ip' ? server.address.text : undefined
    return serverBase({ ...server, address, hashKey, id: ids[index] as number, idMode })
  })
  refuseTooMany(servers)
  const cut = cutOf(options.balance)
  const retries = integerOption('haproxyHash.retries', options.retries ?? 3, 0, MAX_RETRIES)
  return {
    hashType,
    servers: Object.freeze(servers),
    bases: Uint32Array.from(bases),
    hash: hashOf(options, hashType, cut),
    cut,
    allBackups: flagOption('haproxyHash.allBackups', options.allBackups ?? false),
    retries,
    redispatch: redispatchOf(options.redispatch ?? false, retries),
  }
}

function serversOf(given: HaproxyHashOptions['servers']): CheckedServer[] {
  if (!Array.isArray(given) || given.length === 0 || given.length > MAX_SERVERS) {
    throw invalidOption('haproxyHash.servers', `an array of 1 to ${MAX_SERVERS} servers`, given)
  }
  const servers = given.map((server, index) => readServer(server, `haproxyHash.servers[${index}]`))
  for (const field of ['name', 'id', 'guid'] as const) {
    const seen = new Set<unknown>()
    servers.forEach((server, index) => {
      const value = server[field]
      if (value !== undefined && seen.has(value)) {
        throw invalidOption(
          `haproxyHash.servers[${index}].${field}`,
          `a ${field} that no server before has`,
          value,
        )
      }
      seen.add(value)
    })
  }
  return servers
}

/** A name may stand for other addresses tomorrow. */
function refuseUnknownAddress({ address }: CheckedServer, hashKey: string, index: number): void {
  if ((hashKey === 'addr' || hashKey === 'addr-port') && address?.kind === 'name') {
    throw invalidOption(
      `haproxyHash.servers[${index}].address`,
      `an IP address or a path, because it is hashed (hash-key ${hashKey})`,
      address.text,
    )
  }
}

function refuseTooMany(servers: readonly HaproxyServer[]): void {
  const nodes = servers.reduce((sum, { weight }) => sum + weight, 0) * NODES_PER_WEIGHT
  if (nodes > MAX_NODES) {
    throw new StickyError(
      'invalid-option',
      `option "haproxyHash.servers": weights that come to ${MAX_NODES / NODES_PER_WEIGHT} in all at most, got ${nodes / NODES_PER_WEIGHT}`,
    )
  }
}

function cutOf(balance: string): KeyCut {
  if (typeof balance !== 'string') throw invalidOption('haproxyHash.balance', 'a string', balance)
  const reading = readBalance(balance.split(/\s+/).filter((word) => word !== ''))
  if (reading.kind === 'hashes') return reading.cut
  throw new StickyError('invalid-option', `option "haproxyHash.balance": ${reading.reason}`)
}

function hashOf(options: HaproxyHashOptions, hashType: Backend['hashType'], cut: KeyCut): KeyHash {
  const fn = options.fn === undefined ? undefined : choiceOption('haproxyHash.fn', options.fn, HASH_FUNCTIONS)
  const avalanche = flagOption(
    'haproxyHash.avalanche',
    options.avalanche ?? (hashType === 'consistent' && fn === undefined),
  )
  if (cut.hash === 'address') return addressHash(avalanche)
  if (fn === 'none' && cut.headers.length === 0) {
    throw new StickyError(
      'invalid-option',
      'option "haproxyHash.fn": none reads the address as text, of which it takes the first number; name another function',
    )
  }
  return keyHash(fn ?? 'sdbm', avalanche)
}

function redispatchOf(given: boolean | number, retries: number): number {
  const after =
    typeof given === 'boolean'
      ? -Number(given)
      : integerOption('haproxyHash.redispatch', given, -MAX_RETRIES, MAX_RETRIES)
  if (after < 0 && retries > 0 && retries + 1 + after === 0) {
    throw new StickyError(
      'invalid-option',
      `option "haproxyHash.redispatch": with ${retries} retries HAProxy divides by zero at ${after}`,
    )
  }
  return after
}

function place(address: CheckedServer['address'], port: number): string | undefined {
  if (address === undefined) return undefined
  if (address.kind === 'path') return `unix:${address.text}`
  if (port === 0) return undefined
  return address.text.includes(':') ? `[${address.text}]:${port}` : `${address.text}:${port}`
}
