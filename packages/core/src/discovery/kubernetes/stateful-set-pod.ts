import type { Identity } from '../../endpoint/endpoint.ts'
import { integerOption, invalidOption } from '../../option.ts'

/** Names of pods are DNS labels where a StatefulSet makes them: 63 characters at most. */
const NAME = /^[a-z\d](?:[-.a-z\d]{0,251}[a-z\d])?$/
const ORDINAL = /^(.+)-(0|[1-9]\d{0,9})$/

/**
 * Name of a pod of a StatefulSet, which is its identity where pods are known by name: `podName('web', 1)` is `web-1`. It
 * can be named before it runs, and stays the same through a restart with another address.
 *
 * @param ordinal - 0 to 2^31 - 1; the first is 0 unless `spec.ordinals.start` says otherwise
 * @throws StickyError `invalid-option`
 * @public
 */
export function podName(statefulSet: string, ordinal: number): Identity {
  if (typeof statefulSet !== 'string' || !NAME.test(statefulSet)) {
    throw invalidOption('podName.statefulSet', 'the name of a StatefulSet', statefulSet)
  }
  return `${statefulSet}-${integerOption('podName.ordinal', ordinal, 0, 2 ** 31 - 1)}`
}

/**
 * The ordinal of a pod of this StatefulSet; undefined for what is none of its pods: another name, a uid, an address.
 *
 * @public
 */
export function podOrdinal(statefulSet: string, identity: Identity): number | undefined {
  const [, owner, digits] = ORDINAL.exec(identity) ?? []
  if (owner !== statefulSet || Number(digits) > 2 ** 31 - 1) return undefined
  return Number(digits)
}
