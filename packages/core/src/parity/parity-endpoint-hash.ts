import type { Endpoint } from '../endpoint/endpoint.ts'
import { addressOf } from '../endpoint/endpoint-init.ts'
import type { EndpointHash, EndpointLimits, EndpointMapping } from '../hash/endpoint-hash.ts'
import { functionOption, invalidOption } from '../option.ts'
import { crc32 } from './crc32.ts'
import type { ParityScheme, ParityServer } from './parity-scheme.ts'
import { wireBytes } from './wire-bytes.ts'

/**
 * A scheme for a pool: one whose servers are fixed, or how to make it of the endpoints that there are, as a proxy's config is generated
 * anew when pods come and go. `endpoints` are those that take keys, in discovery's order, with their weights.
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
   * endpoint's `host:port`.
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
  return {
    name: typeof scheme === 'function' ? 'parity' : scheme.name,
    over: (endpoints, weights) => {
      const made = typeof scheme === 'function' ? scheme(endpoints, weights) : scheme
      const endpointOf = isServer
        ? matched(endpoints, made.servers, isServer)
        : matchedByName(endpoints, made.servers)
      const missing = made.servers.filter((server) => !endpointOf.has(server.name)).map(({ name }) => name)
      return new ParityMapping(missing.length === 0 ? made : made.without(new Set(missing)), endpointOf)
    },
  }
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
  const byAddress = new Map(endpoints.map((endpoint) => [addressOf(endpoint), endpoint]))
  const endpointOf = new Map<string, Endpoint>()
  for (const { name, address } of servers) {
    const endpoint = byIdentity.get(name) ?? (address === undefined ? undefined : byAddress.get(address))
    if (endpoint) endpointOf.set(name, endpoint)
  }
  return endpointOf
}

class ParityMapping implements EndpointMapping {
  readonly #scheme: ParityScheme
  readonly #endpointOf: ReadonlyMap<string, Endpoint>
  readonly #endpoints: readonly Endpoint[]

  constructor(scheme: ParityScheme, endpointOf: ReadonlyMap<string, Endpoint>) {
    this.#scheme = scheme
    this.#endpointOf = endpointOf
    this.#endpoints = [...endpointOf.values()]
  }

  pick(key: string): Endpoint | undefined {
    const server = this.#scheme.pick(wireBytes(key))
    return server && this.#endpointOf.get(server.name)
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
