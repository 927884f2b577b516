import type { ListedEndpoint } from './listed-endpoint.ts'
import type { HintsOption } from './slice-options.ts'

/** Which hints count now; `none` = the endpoints of all zones are used alike. */
export type HintMode = 'node' | 'zone' | 'none'

/**
 * Which hints count: those for nodes before those for zones, and each only if every endpoint that takes new keys has one and at least
 * one is for here. Else there is a change under way, or nobody near (kube-proxy, pkg/proxy/topology.go).
 */
export function hintMode(listed: Iterable<ListedEndpoint>, { zone, node }: HintsOption): HintMode {
  let [allHaveNodes, allHaveZones, isForNode, isForZone] = [true, true, false, false]
  for (const { conditions, forNodes, forZones } of listed) {
    if (!conditions.ready || conditions.terminating) continue
    if (forNodes.length === 0) allHaveNodes = false
    else if (node !== undefined && forNodes.includes(node)) isForNode = true
    if (forZones.length === 0) allHaveZones = false
    else if (forZones.includes(zone)) isForZone = true
  }
  if (allHaveNodes && isForNode) return 'node'
  return allHaveZones && isForZone ? 'zone' : 'none'
}

/** The zone that new keys see: this gateway's for an endpoint that is meant for it, and never for another. */
export function hintedZone(endpoint: ListedEndpoint, mode: HintMode, here: HintsOption): string | undefined {
  const { forNodes, forZones, zone } = endpoint
  const isMeant =
    (mode === 'node' && forNodes.includes(here.node as string)) ||
    (mode === 'zone' && forZones.includes(here.zone))
  if (isMeant) return here.zone
  return zone === here.zone ? undefined : zone
}
