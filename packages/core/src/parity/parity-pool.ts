import type { Balancer } from '../balance/balancer.ts'
import { HashPlacement } from '../balance/hash-placement.ts'
import { KeyCheck, type KeyLimits } from '../key/key-options.ts'
import type { KeySource } from '../key/key-source.ts'
import { choiceOption, contractOption, optionsObject } from '../option.ts'
import type { ComputedBindings } from '../table/capabilities.ts'
import { ComputedTable } from '../table/computed-table.ts'
import type { ComputedTableOptions } from '../table/consistent-hash-table.ts'
import type { StickyTable } from '../table/sticky-table.ts'
import { type ParityEndpointOptions, type PoolScheme, parityEndpointHash } from './parity-endpoint-hash.ts'
import type { ParityScheme, ParityServer } from './parity-scheme.ts'
import { wireText } from './wire-bytes.ts'

/**
 * The key that a proxy would cut from the request, to the byte. A request that the proxy would not hash has no key, nor has one with an
 * empty key, which some of them send to one server for all: here it is balanced.
 *
 * @throws StickyError `invalid-option`
 * @public
 */
export function parityKey(
  scheme: Pick<ParityScheme, 'name' | 'key' | 'keyHeaders'>,
  options: KeyLimits = {},
): KeySource {
  const path = 'parityKey'
  contractOption(`${path}.scheme`, scheme, 'ParityScheme such as nginxHash({ … })', ['key'])
  optionsObject(path, options, ['maxLength'])
  const name = `key of ${scheme.name}`
  const check = new KeyCheck(name, path, options)
  return {
    name,
    headers: scheme.keyHeaders,
    read: (request) => {
      const bytes = scheme.key(request)
      return bytes && check.key(wireText(bytes))
    },
  }
}

/**
 * Places unbound keys where a proxy would send them, so that a fleet of that proxy and one of gateways in front of the same pods
 * agree on every new key. A server whose endpoint takes no new keys is down for the scheme; after a failed connection the proxy's
 * own order of attempts goes on.
 *
 * @throws StickyError `invalid-option`
 * @public
 */
export function parityPlacement<Server extends ParityServer>(
  scheme: PoolScheme<Server>,
  options: ParityEndpointOptions<Server> = {},
): Balancer {
  const path = 'parityPlacement'
  optionsObject(path, options, ['isServer'])
  return new HashPlacement(parityEndpointHash(path, scheme, options))
}

/**
 * The sticky table that computes each binding as a proxy would: see `consistentHashTable()`, which it is with another hash.
 *
 * @throws StickyError `invalid-option`
 * @public
 */
export function parityTable<Server extends ParityServer>(
  scheme: PoolScheme<Server>,
  options: ParityEndpointOptions<Server> & ComputedTableOptions = {},
): StickyTable & ComputedBindings {
  const path = 'parityTable'
  optionsObject(path, options, ['isServer', 'draining'])
  const { draining = 'keep' } = options
  choiceOption(`${path}.draining`, draining, ['keep', 'skip'])
  return new ComputedTable(parityEndpointHash(path, scheme, options), draining, undefined)
}
