import { integerOption } from '../../option.ts'
import { booleanOption } from './boolean-option.ts'
import { checkHosts, type EnvoyHost, type EnvoyHostInit } from './envoy-host.ts'
import { type EnvoyHashPolicy, HashPolicies } from './hash-policy.ts'

/** What Envoy's two hash balancers share. @public */
export interface EnvoyHashOptions {
  /** The hosts of one priority of the cluster, in the order of EDS. None: `pick` answers undefined. */
  readonly hosts: readonly EnvoyHostInit[]
  /** `hash_policy` of the route, at least one entry. */
  readonly hashPolicy: readonly EnvoyHashPolicy[]
  /** `use_hostname_for_hashing`: hosts without a hash key of their own are hashed by hostname, not by address. Default false. */
  readonly useHostnameForHashing?: boolean
  /** `healthy_panic_threshold`, a whole percentage: with fewer healthy hosts than this, all are used. 0 turns it off. Default 50. */
  readonly healthyPanicThreshold?: number
  /**
   * `overprovisioning_factor`, a percentage: a cluster of whose hosts 100 / it or more are healthy never panics, whatever the threshold.
   * 1 to 2^32 - 1, default 140.
   */
  readonly overprovisioningFactor?: number
  /**
   * `host_selection_retry_max_attempts` of the route's retry policy, with the predicate `previous_hosts`: how many further hosts
   * `attempts` names. 0 to 1 000, default 1, as in Envoy.
   */
  readonly hostSelectionRetryMaxAttempts?: number
}

/** The options that both balancers know. */
export const SHARED_OPTIONS: readonly (keyof EnvoyHashOptions)[] = [
  'hosts',
  'hashPolicy',
  'useHostnameForHashing',
  'healthyPanicThreshold',
  'overprovisioningFactor',
  'hostSelectionRetryMaxAttempts',
]

/** Checked options, with their defaults. */
export interface CheckedOptions {
  readonly hosts: readonly EnvoyHost[]
  readonly policies: HashPolicies
  readonly panicBelow: number
  readonly overprovisioning: number
  readonly retries: number
}

/** @throws StickyError `invalid-option`, `duplicate-identity` */
export function checkOptions(path: string, options: EnvoyHashOptions): CheckedOptions {
  const {
    hosts,
    hashPolicy,
    useHostnameForHashing = false,
    healthyPanicThreshold = 50,
    overprovisioningFactor = 140,
    hostSelectionRetryMaxAttempts = 1,
  } = options
  const at = (name: keyof EnvoyHashOptions) => `${path}.${name}`
  const useHostname = booleanOption(at('useHostnameForHashing'), useHostnameForHashing)
  return {
    hosts: checkHosts(at('hosts'), hosts, useHostname),
    policies: new HashPolicies(at('hashPolicy'), hashPolicy),
    panicBelow: integerOption(at('healthyPanicThreshold'), healthyPanicThreshold, 0, 100),
    overprovisioning: integerOption(at('overprovisioningFactor'), overprovisioningFactor, 1, 2 ** 32 - 1),
    retries: integerOption(at('hostSelectionRetryMaxAttempts'), hostSelectionRetryMaxAttempts, 0, 1_000),
  }
}
