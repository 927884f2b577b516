import { random } from '../balance/random.ts'
import type { Clock } from '../clock.ts'
import type { Discovery } from '../discovery/discovery.ts'
import { address } from '../key/address.ts'
import type { KeySource } from '../key/key-source.ts'
import { invalidOption } from '../option.ts'
import type { StickyOptions } from '../sticky-options.ts'
import { type AdjustableTimeout, isAdjustable } from '../table/capabilities.ts'
import { memoryTable } from '../table/memory.ts'
import type { StickyTable } from '../table/sticky-table.ts'
import { AffinityAwaited, type AffinitySource } from './affinity-awaited.ts'
import { affinityKey } from './affinity-key.ts'
import { KubeProxyEndpoints } from './kube-proxy-endpoints.ts'
import { KubeProxyTable } from './kube-proxy-table.ts'
import type { ServiceAffinity } from './service-affinity.ts'

/** Options that make a pool of a Service: spread them into those of `createSticky`. @public */
export type ServicePool = Required<Pick<StickyOptions, 'key' | 'endpoints' | 'table' | 'countsAsUse'>> &
  Pick<StickyOptions, 'placement' | 'passiveHealth' | 'maxTries' | 'minMoveIntervalMs' | 'onLost'>

/** What the pool of a Service is made of. */
export interface ServicePoolParts {
  readonly endpoints: Discovery
  readonly affinity: AffinitySource
  readonly key: KeySource | undefined
  readonly table: StickyTable | undefined
  readonly trustedProxies: readonly string[]
  readonly strictKubeProxy: boolean
  /** Where this gateway runs, if hints are followed. */
  readonly zone: string | undefined
  readonly clock: Clock
}

/** The options of a pool that honours the affinity of its Service; checked by `kubernetesService()`. */
export function servicePool(parts: ServicePoolParts): ServicePool {
  const { endpoints, affinity: source, clock, trustedProxies, strictKubeProxy } = parts
  const table = strictKubeProxy
    ? new KubeProxyTable(clock)
    : adjustable(parts.table ?? memoryTable({ clock }))
  let affinity: ServiceAffinity = { kind: 'None' }
  const discovery = new AffinityAwaited({
    endpoints,
    source,
    clock,
    follow: (now) => {
      if (now.kind === 'ClientIP') table.setIdleTimeout(now.timeoutMs)
      // kube-proxy's memory goes with the rules that it writes for ClientIP.
      else if (table instanceof KubeProxyTable) table.forgetAll()
      affinity = now
    },
    shape: () => {
      if (!strictKubeProxy) return (set) => set
      const usable = new KubeProxyEndpoints(clock, parts.zone)
      return (set) => usable.next(set)
    },
  })
  const byAddress = address({ trustedProxies })
  const pool = { ...affinityKey(() => affinity, byAddress, parts.key), endpoints: discovery, table }
  return strictKubeProxy ? { ...pool, ...AS_KUBE_PROXY, placement: random() } : pool
}

/** A connection that fails is the client's to repeat; only what the API says of an endpoint counts. */
const AS_KUBE_PROXY: Pick<StickyOptions, 'passiveHealth' | 'maxTries' | 'minMoveIntervalMs' | 'onLost'> = {
  passiveHealth: false,
  maxTries: 1,
  minMoveIntervalMs: 0,
  onLost: 'rebind',
}

function adjustable(table: StickyTable): StickyTable & AdjustableTimeout {
  if (isAdjustable(table)) return table
  throw invalidOption(
    'kubernetesService.table',
    'a table with setIdleTimeout(), for the timeout of the Service',
    table,
  )
}
