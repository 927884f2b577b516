import { type Fault, malformed, shown } from './fault.ts'
import { isSameListed, type ListedEndpoint } from './listed-endpoint.ts'
import { readEndpoint } from './read-endpoint.ts'
import type { CheckedSliceOptions, Family } from './slice-options.ts'
import { resolvePort } from './slice-port.ts'

/** Endpoints in one slice, as the API server allows. */
const MAX_ENDPOINTS = 1_000

/** Which slices are read, and for what. */
export interface SliceScope {
  readonly service: string
  readonly namespace: string
  readonly options: CheckedSliceOptions
}

const NOTHING: readonly ListedEndpoint[] = Object.freeze([])

/** Name of a slice; undefined for what cannot be told from another. */
export function sliceName(slice: unknown): string | undefined {
  const name = (slice as { metadata?: { name?: unknown } } | null | undefined)?.metadata?.name
  return typeof name === 'string' && name !== '' && name.length <= 253 ? name : undefined
}

/**
 * The endpoints that a slice lists, in its order, without those that are malformed. An endpoint that `former` has just so is taken
 * over as the same object, wherever it stood.
 */
export function readSlice(
  name: string,
  slice: unknown,
  scope: SliceScope,
  former: readonly ListedEndpoint[],
  faults: Fault[],
): readonly ListedEndpoint[] {
  const { metadata, addressType, endpoints, ports } = slice as Record<string, unknown>
  if (!isOfService(name, metadata as Record<string, unknown>, scope, faults)) return NOTHING
  const { options } = scope
  if (addressType !== 'IPv4' && addressType !== 'IPv6') {
    // FQDN is deprecated, and nothing says what a proxy is to make of it.
    faults.push(malformed(name, 'addressType', 'IPv4 or IPv6', addressType))
    return NOTHING
  }
  const family: Family = addressType
  if (!options.families.includes(family) || endpoints === undefined || endpoints === null) return NOTHING
  if (!Array.isArray(endpoints)) {
    faults.push(malformed(name, 'endpoints', 'a list', endpoints))
    return NOTHING
  }
  if (endpoints.length === 0) return NOTHING
  const port = resolvePort(name, ports, options, faults)
  if (!port) return NOTHING
  if (endpoints.length > MAX_ENDPOINTS) {
    faults.push(malformed(name, 'endpoints', `at most ${MAX_ENDPOINTS}`, endpoints.length))
  }
  const context = { slice: name, family, port, options, faults }
  const listed: ListedEndpoint[] = []
  for (let index = 0; index < endpoints.length && index < MAX_ENDPOINTS; index++) {
    const endpoint = readEndpoint(context, index, endpoints[index])
    if (endpoint) listed.push(endpoint)
  }
  return takenOver(listed, former)
}

function isOfService(
  name: string,
  metadata: Record<string, unknown>,
  { service, namespace }: SliceScope,
  faults: Fault[],
): boolean {
  const labels = metadata.labels as Record<string, unknown> | null | undefined
  const of = labels?.['kubernetes.io/service-name']
  if (of === service && (metadata.namespace ?? namespace) === namespace) return true
  const message = `EndpointSlice ${shown(metadata.namespace)}/${name}: expected one of Service ${namespace}/${service}, got one of ${shown(of)}`
  faults.push({ key: message, message })
  return false
}

/** As a rule an endpoint keeps its place in the slice; those that do not are found by their address. */
function takenOver(listed: ListedEndpoint[], former: readonly ListedEndpoint[]): readonly ListedEndpoint[] {
  let byAddress: Map<string, ListedEndpoint> | undefined
  let isSame = listed.length === former.length
  for (const [index, endpoint] of listed.entries()) {
    let candidate = former[index]
    if (!candidate || !isSameListed(candidate, endpoint)) {
      isSame = false
      byAddress ??= new Map(former.map((each) => [each.address, each]))
      candidate = byAddress.get(endpoint.address)
    }
    if (candidate && isSameListed(candidate, endpoint)) listed[index] = candidate
  }
  return isSame ? former : listed
}
