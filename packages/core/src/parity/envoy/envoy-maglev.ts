import { invalidOption, optionsObject } from '../../option.ts'
import type { ParityScheme } from '../parity-scheme.ts'
import type { EnvoyHost } from './envoy-host.ts'
import { checkOptions, type EnvoyHashOptions, SHARED_OPTIONS } from './envoy-options.ts'
import { EnvoyScheme } from './envoy-scheme.ts'
import { EnvoyMaglevTable } from './maglev-table.ts'

/** A cluster with `lb_policy: MAGLEV`. @public */
export interface EnvoyMaglevOptions extends EnvoyHashOptions {
  /** `table_size`: a prime from 2 to 5 000 011, not less than the number of hosts; default 65 537. */
  readonly tableSize?: number
}

const PATH = 'envoyMaglev'
const MOST_PLACES = 5_000_011

/**
 * Envoy's `maglev` balancer (source/extensions/load_balancing_policies/maglev/maglev_lb.cc): which host a request is sent to. The
 * order of the hosts does not matter. The table is built at once, here and in `without`: a few milliseconds for the default size.
 *
 * @throws StickyError `invalid-option` naming what is wrong; `duplicate-identity` for two hosts with one hash key
 * @public
 */
export function envoyMaglev(options: EnvoyMaglevOptions): ParityScheme<EnvoyHost> {
  const { tableSize = 65_537 } = optionsObject(PATH, options, [...SHARED_OPTIONS, 'tableSize'])
  if (!Number.isInteger(tableSize) || tableSize > MOST_PLACES || !isPrime(tableSize)) {
    throw invalidOption(`${PATH}.tableSize`, `a prime from 2 to ${MOST_PLACES}`, tableSize)
  }
  const checked = checkOptions(PATH, options)
  if (checked.hosts.length > tableSize) {
    throw invalidOption(
      `${PATH}.tableSize`,
      `a place for each of the ${checked.hosts.length} hosts`,
      tableSize,
    )
  }
  return new EnvoyScheme('envoy maglev', checked, (hosts) => new EnvoyMaglevTable(hosts, tableSize))
}

function isPrime(value: number): boolean {
  for (let factor = 2; factor * factor <= value; factor++) if (value % factor === 0) return false
  return value >= 2
}
