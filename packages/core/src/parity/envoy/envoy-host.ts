import { StickyError } from '../../error.ts'
import { integerOption, invalidOption, optionsObject } from '../../option.ts'
import type { ParityServer } from '../parity-scheme.ts'

/** An endpoint of an Envoy cluster, as EDS or the static config has it. @public */
export interface EnvoyHostInit {
  /** What is hashed: `hash_key` in the metadata `envoy.lb`. Default: the hostname under `useHostnameForHashing`, else the address. */
  readonly hashKey?: string
  /** `ip:port` or `[v6]:port`, written as Envoy prints it: IPv6 in lower case and shortened (RFC 5952). */
  readonly address?: string
  /** `hostname` of the endpoint. */
  readonly hostname?: string
  /** `load_balancing_weight`, 1 to 2^32 - 1; the sum of all is at most 2^32 - 1. Default 1. */
  readonly weight?: number
}

/** A host of an Envoy cluster; its `name` is the text that Envoy hashes for it. @public */
export interface EnvoyHost extends ParityServer {
  readonly hostname: string | undefined
  readonly weight: number
}

const MOST_WEIGHT = 2 ** 32 - 1

/**
 * Checks hosts.
 *
 * @throws StickyError `invalid-option` naming the host by its index; `duplicate-identity` for two with one hash key, between which
 * Envoy's own sort decides at random
 */
export function checkHosts(
  path: string,
  inits: readonly EnvoyHostInit[],
  useHostname: boolean,
): readonly EnvoyHost[] {
  if (!Array.isArray(inits)) throw invalidOption(path, 'an array of hosts', inits)
  const indexes = new Map<string, number>()
  let sum = 0
  const hosts = inits.map((init: EnvoyHostInit, index): EnvoyHost => {
    const host = checkHost(`${path}[${index}]`, init, useHostname)
    const before = indexes.get(host.name)
    if (before !== undefined) {
      throw new StickyError(
        'duplicate-identity',
        `${path}[${before}] and ${path}[${index}] have the same hash key "${host.name}"`,
      )
    }
    indexes.set(host.name, index)
    sum += host.weight
    return host
  })
  if (sum > MOST_WEIGHT) throw invalidOption(path, `weights of at most ${MOST_WEIGHT} together`, sum)
  return Object.freeze(hosts)
}

function checkHost(path: string, init: EnvoyHostInit, useHostname: boolean): EnvoyHost {
  const { hashKey, address, hostname, weight = 1 } = optionsObject(path, init, HOST_FIELDS)
  for (const [field, value] of Object.entries({ hashKey, address, hostname })) {
    if (value !== undefined && typeof value !== 'string')
      throw invalidOption(`${path}.${field}`, 'a text', value)
  }
  // As in Envoy, an empty hash key counts as none; an empty hostname does not.
  const name = hashKey || (useHostname ? hostname : address)
  if (!name) {
    throw invalidOption(path, `a hashKey, or ${useHostname ? 'a hostname' : 'an address'}`, init)
  }
  integerOption(`${path}.weight`, weight, 1, MOST_WEIGHT)
  return Object.freeze({ name, address, hostname, weight })
}

const HOST_FIELDS = ['hashKey', 'address', 'hostname', 'weight'] as const
