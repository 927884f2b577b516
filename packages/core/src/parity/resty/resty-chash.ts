import { choiceOption, invalidOption, optionsObject } from '../../option.ts'
import { optionFail } from '../nginx/fail.ts'
import { joinsHeaderLines } from '../nginx/nginx-version.ts'
import type { ParityScheme } from '../parity-scheme.ts'
import { type ApisixHashOn, apisixKey, ingressNginxKey } from './resty-key.ts'
import { checkNodes, type RestyNode, type RestyNodeOptions } from './resty-node.ts'
import { RestyScheme } from './resty-scheme.ts'

/** Options of {@link restyChash} for ingress-nginx. @public */
export interface IngressNginxChashOptions {
  /** The annotation `nginx.ingress.kubernetes.io/upstream-hash-by`. */
  readonly flavour: 'ingress-nginx'
  /** The endpoints of the service. Weights are not known there. */
  readonly nodes: readonly RestyNodeOptions[]
  /** The annotation's text, such as `$http_x_session`. */
  readonly upstreamHashBy: string
  /** Version of the nginx inside, such as `1.25`; see `NginxHashOptions`. Default: the current one. */
  readonly version?: string
}

/** Options of {@link restyChash} for APISIX. @public */
export interface ApisixChashOptions {
  /** An upstream of `type: chash`. */
  readonly flavour: 'apisix'
  /** The nodes of the upstream, all of one priority. */
  readonly nodes: readonly RestyNodeOptions[]
  /** `hash_on`: a `header`, or an nginx variable (`vars`). Default `vars`. */
  readonly hashOn?: ApisixHashOn
  /** The header's name, or the variable's: `remote_addr`, `request_uri`, `query_string`, `host`. Default `remote_addr`. */
  readonly key?: string
  /** Version of the nginx inside, such as `1.25`; see `NginxHashOptions`. Default: the current one. */
  readonly version?: string
}

/**
 * The mapping of lua-resty-balancer's chash (0.02 and later), as ingress-nginx and APISIX use it.
 *
 * - ingress-nginx hashes an absent header as the empty text, so that all requests without it go to one pod; it tries the same pod again when
 *   a connection fails, so `attempts` has one server.
 * - APISIX divides the weights by their greatest divisor, and anew when its health checks take nodes out; hashes the client's address where
 *   the header is absent; sends everything to a single node; takes all nodes if none is healthy.
 *
 * Checked against the points of its chash.c, not against a running proxy.
 *
 * @throws StickyError `invalid-option`
 * @public
 */
export function restyChash(options: IngressNginxChashOptions | ApisixChashOptions): ParityScheme<RestyNode> {
  if (typeof options !== 'object' || options === null) throw invalidOption('restyChash', 'an object', options)
  choiceOption('restyChash.flavour', options.flavour, ['ingress-nginx', 'apisix'])
  const joinsLines = joinsHeaderLines(options.version, optionFail('restyChash.version'))
  if (options.flavour === 'ingress-nginx') {
    optionsObject('restyChash', options, ['flavour', 'nodes', 'upstreamHashBy', 'version'])
    const fail = optionFail('restyChash.upstreamHashBy')
    const nodes = checkNodes('restyChash.nodes', options.nodes, false)
    return new RestyScheme('ingress-nginx', nodes, ingressNginxKey(options.upstreamHashBy, joinsLines, fail))
  }
  optionsObject('restyChash', options, ['flavour', 'nodes', 'hashOn', 'key', 'version'])
  const hashOn = choiceOption('restyChash.hashOn', options.hashOn ?? 'vars', ['header', 'vars'])
  const key = apisixKey(hashOn, options.key ?? 'remote_addr', joinsLines, optionFail('restyChash.key'))
  return new RestyScheme('apisix', checkNodes('restyChash.nodes', options.nodes, true), key)
}
