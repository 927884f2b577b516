import { integerOption, invalidOption, optionsObject } from '../../option.ts'
import { isName } from './name.ts'

/** The pods of a StatefulSet, by the names that its governing Service gives them. @public */
export interface StatefulSetNames {
  /** Name of the StatefulSet: pods are called `<statefulSet>-<ordinal>`. */
  readonly statefulSet: string
  /** Name of its governing headless Service (`serviceName`). */
  readonly service: string
  readonly namespace: string
  /** How many pods to look for, 1 to 1 000; the most that the set is ever scaled to. Those that are not there cost a query. */
  readonly replicas: number
  /** Ordinal of the first pod (`spec.ordinals.start`). Default 0. */
  readonly firstOrdinal?: number
  /** Domain of the cluster. Default `cluster.local`. */
  readonly domain?: string
}

/**
 * The absolute names of the pods: `web-0.web.default.svc.cluster.local.`, `web-1…`.
 *
 * @throws StickyError `invalid-option`
 */
export function podNames(path: string, names: StatefulSetNames): string[] {
  optionsObject(path, names, ['statefulSet', 'service', 'namespace', 'replicas', 'firstOrdinal', 'domain'])
  const { statefulSet, service, namespace, replicas, firstOrdinal = 0, domain = 'cluster.local' } = names
  for (const [field, value] of Object.entries({ statefulSet, service, namespace, domain })) {
    if (typeof value !== 'string' || !isName(value))
      throw invalidOption(`${path}.${field}`, 'a DNS name', value)
  }
  const count = integerOption(`${path}.replicas`, replicas, 1, 1_000)
  const first = integerOption(`${path}.firstOrdinal`, firstOrdinal, 0, 2 ** 31 - 1)
  const suffix = `${service}.${namespace}.svc.${domain.endsWith('.') ? domain : `${domain}.`}`
  return Array.from({ length: count }, (_, index) => `${statefulSet}-${first + index}.${suffix}`)
}
