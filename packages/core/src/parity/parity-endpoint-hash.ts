import { isIPv6 } from 'node:net'
import type { Endpoint } from '../endpoint/endpoint.ts'
import { addressOf } from '../endpoint/endpoint-init.ts'
import type { EndpointHash, EndpointLimits, EndpointMapping } from '../hash/endpoint-hash.ts'
import { functionOption, invalidOption } from '../option.ts'
import { crc32 } from './crc32.ts'
import type { ParityScheme, ParityServer } from './parity-scheme.ts'
import { wireBytes } from './wire-bytes.ts'

/**
 * A scheme for a pool: one whose servers are fixed, or how to make it of the endpoints that there are, as a proxy's config is generated
 * anew when pods come and go. `endpoints` are those that take keys, one at least, in discovery's order, with their weights. Where the
 * function throws, the scheme of before stays, its servers down whose endpoints are gone, and the process is warned (`LIMPET_SCHEME`).
 *
 * @public
 */
export type PoolScheme<Server extends ParityServer = ParityServer> =
  | ParityScheme<Server>
  | ((endpoints: readonly Endpoint[], weights: readonly number[]) => ParityScheme<Server>)

/** Which endpoint a server of the proxy is. @public */
export interface ParityEndpointOptions<Server extends ParityServer = ParityServer> {
  /**
   * True if the endpoint is the server. Default: the server's name is the endpoint's identity, or its address is the
   * endpoint's `host:port`. Where it throws, all is as with a scheme that cannot be made.
   */
  readonly isServer?: (endpoint: Endpoint, server: Server) => boolean
}

/** A proxy's scheme over the endpoints of a pool. */
export function parityEndpointHash<Server extends ParityServer>(
  path: string,
  scheme: PoolScheme<Server>,
  options: ParityEndpointOptions<Server>,
): EndpointHash {
  const { isServer } = options
  if (isServer !== undefined) functionOption(`${path}.isServer`, isServer)
  if (typeof scheme !== 'function' && typeof scheme?.pick !== 'function') {
    throw invalidOption(
      `${path}.scheme`,
      'a scheme such as nginxHash({ … }), or a function that makes one',
      scheme,
    )
  }
  const make = typeof scheme === 'function' ? scheme : () => scheme
  let hasFailed = false
  return {
    name: typeof scheme === 'function' ? 'parity' : scheme.name,
    over: (endpoints, weights, previous) => {
      if (endpoints.length === 0) return NOBODY
      try {
        const made = make(endpoints, weights)
        const endpointOf = isServer
          ? matched(endpoints, made.servers, isServer)
          : matchedByName(endpoints, made.servers)
        const mapping = new ParityMapping(made, endpointOf)
        hasFailed = false
        return mapping
      } catch (error) {
        // Endpoints come and go outside of any request: nobody could catch it.
        if (!hasFailed) warn(path, error)
        hasFailed = true
        return previous instanceof ParityMapping ? previous.among(endpoints) : NOBODY
      }
    },
  }
}

/** The mapping of nobody. */
const NOBODY: EndpointMapping = { pick: () => undefined, pickWithin: () => undefined }
const NO_LIMITS: EndpointLimits = { skips: () => false }

function warn(path: string, error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error)
  process.emitWarning(`${path}: the scheme of before stays, the new one cannot be made: ${reason}`, {
    code: 'LIMPET_SCHEME',
  })
}

function matched<Server extends ParityServer>(
  endpoints: readonly Endpoint[],
  servers: readonly Server[],
  isServer: (endpoint: Endpoint, server: Server) => boolean,
): Map<string, Endpoint> {
  const endpointOf = new Map<string, Endpoint>()
  for (const server of servers) {
    const endpoint = endpoints.find((candidate) => isServer(candidate, server))
    if (endpoint) endpointOf.set(server.name, endpoint)
  }
  return endpointOf
}

function matchedByName(
  endpoints: readonly Endpoint[],
  servers: readonly ParityServer[],
): Map<string, Endpoint> {
  const byIdentity = new Map(endpoints.map((endpoint) => [endpoint.identity, endpoint]))
  const byAddress = new Map(endpoints.map((endpoint) => [oneWay(addressOf(endpoint)), endpoint]))
  const endpointOf = new Map<string, Endpoint>()
  for (const { name, address } of servers) {
    const endpoint =
      byIdentity.get(name) ?? (address === undefined ? undefined : byAddress.get(oneWay(address)))
    if (endpoint) endpointOf.set(name, endpoint)
  }
  return endpointOf
}

/** IPv6 may be written in many ways. */
function oneWay(address: string): string {
  const end = address.indexOf(']:')
  if (end < 0 || !isIPv6(address.slice(1, end))) return address
  const url = `http://${address.slice(0, end + 1)}`
  return URL.canParse(url) ? `${new URL(url).hostname}${address.slice(end + 1)}` : address
}

class ParityMapping implements EndpointMapping {
  /** With the servers down that have no endpoint. */
  readonly #scheme: ParityScheme
  readonly #whole: ParityScheme
  readonly #endpointOf: ReadonlyMap<string, Endpoint>
  readonly #endpoints: readonly Endpoint[]

  constructor(scheme: ParityScheme, endpointOf: ReadonlyMap<string, Endpoint>) {
    const missing = scheme.servers.filter(({ name }) => !endpointOf.has(name)).map(({ name }) => name)
    this.#scheme = missing.length === 0 ? scheme : scheme.without(new Set(missing))
    this.#whole = scheme
    this.#endpointOf = endpointOf
    this.#endpoints = [...endpointOf.values()]
  }

  /** The same scheme, with those of its endpoints that are left. */
  among(endpoints: readonly Endpoint[]): ParityMapping {
    const left = new Map(endpoints.map((endpoint) => [endpoint.identity, endpoint]))
    const endpointOf = new Map<string, Endpoint>()
    for (const [name, { identity }] of this.#endpointOf) {
      const endpoint = left.get(identity)
      if (endpoint) endpointOf.set(name, endpoint)
    }
    return new ParityMapping(this.#whole, endpointOf)
  }

  pick(key: string): Endpoint | undefined {
    const server = this.#scheme.pick(wireBytes(key))
    // A proxy may go on by other means, or send keys to servers that are down, for want of better ones.
    return (server && this.#endpointOf.get(server.name)) ?? this.pickWithin(key, NO_LIMITS)
  }

  /** The proxy's own order of attempts; where the proxy goes on by other means, the rest of the servers, from one that the key says. */
  pickWithin(key: string, limits: EndpointLimits): Endpoint | undefined {
    const bytes = wireBytes(key)
    for (const { name } of this.#scheme.attempts(bytes)) {
      const endpoint = this.#endpointOf.get(name)
      if (endpoint && !limits.skips(endpoint)) return endpoint
    }
    const rest = this.#endpoints.filter((endpoint) => !limits.skips(endpoint))
    return rest[crc32(bytes) % rest.length]
  }
}
