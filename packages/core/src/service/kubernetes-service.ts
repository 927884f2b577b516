import { type KubernetesOptions, kubernetes, kubernetesSettings } from '../discovery/kubernetes/kubernetes.ts'
import type { KeySource } from '../key/key-source.ts'
import { contractOption, invalidOption } from '../option.ts'
import type { StickyTable } from '../table/sticky-table.ts'
import { affinityWatch } from './affinity-watch.ts'
import { type ServicePool, servicePool } from './service-pool.ts'

/** Options of {@link kubernetesService}. @public */
export interface KubernetesServiceOptions extends KubernetesOptions {
  /** A key that comes before the client's address. Default: none. */
  readonly key?: KeySource
  /**
   * Where bindings are kept. It takes the timeout of the Service by `setIdleTimeout()`, as memory, Redis and the near cache do. Default
   * `memoryTable()`.
   */
  readonly table?: StickyTable
  /** Addresses and CIDR ranges of the proxies whose X-Forwarded-For is believed. Default: nobody's. */
  readonly trustedProxies?: readonly string[]
  /**
   * Drain and loss exactly as kube-proxy: clients of an endpoint that is not ready are sent elsewhere at once and placed at random, a failed
   * connection is not tried elsewhere, and each replica remembers for itself. Endpoints are then known by their addresses. Default `false`.
   */
  readonly strictKubeProxy?: boolean
}

const PATH = 'kubernetesService'
/** What kube-proxy has no notion of. */
const NOT_STRICT = ['key', 'table', 'identity', 'weight', 'podWeight', 'moveGraceMs'] as const

/**
 * The options of a pool that does what a Kubernetes Service says: its endpoints by EndpointSlices, its `sessionAffinity` as a key by
 * the client's address, its `timeoutSeconds` as idle timeout, all watched live. Spread it into the options of `createSticky()`, for one pool.
 *
 * The timer of a client starts again with each of its connections, not with each request (kube-proxy's iptables and nftables modes). The
 * pool waits for the Service before it answers its first request, at most three seconds. Needs `list` and `watch` on `services`,
 * besides what {@link kubernetes} needs.
 *
 * @throws StickyError `invalid-option`
 * @public
 */
export function kubernetesService(options: KubernetesServiceOptions): ServicePool {
  if (typeof options !== 'object' || options === null) throw invalidOption(PATH, 'an object', options)
  const { key, table, trustedProxies = [], strictKubeProxy = false, ...given } = options
  if (typeof strictKubeProxy !== 'boolean') {
    throw invalidOption(`${PATH}.strictKubeProxy`, 'true or false', strictKubeProxy)
  }
  if (key !== undefined) contractOption(`${PATH}.key`, key, "KeySource such as header('x-session')", ['read'])
  if (table !== undefined) {
    contractOption(`${PATH}.table`, table, 'StickyTable', ['lookup', 'claim', 'move', 'touch', 'release'])
  }
  if (strictKubeProxy) {
    const refused = NOT_STRICT.find((name) => options[name] !== undefined)
    if (refused) throw invalidOption(`${PATH}.${refused}`, 'nothing beside strictKubeProxy', options[refused])
  }
  const discovery: KubernetesOptions = strictKubeProxy
    ? { ...given, identity: 'address', moveGraceMs: 0 }
    : given
  const settings = kubernetesSettings(discovery)
  return servicePool({
    endpoints: kubernetes(discovery),
    affinity: affinityWatch(settings),
    key,
    table,
    trustedProxies,
    strictKubeProxy,
    zone: given.hints?.zone,
    clock: settings.clock,
  })
}
