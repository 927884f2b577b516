import type { LossCause } from '../endpoint/availability.ts'
import { choiceOption, durationOption, integerOption, invalidOption, optionsObject } from '../option.ts'

/**
 * What happens to a request whose key is bound to a lost endpoint:
 *
 * - `rebind`: the key is bound to another endpoint, for good;
 * - `detour`: this request goes elsewhere and the binding stays; where to follows from the key, so that later requests and
 *   other replicas take the same way;
 * - `fail`: the request is refused with `lost`, and with `status` if one is given; the binding stays;
 * - `hold`: the request waits until the endpoint is back, for `limitMs` at most and with at most `maxWaiting` (default 1 024)
 *   requests of the pool waiting; `otherwise` says what happens when the limit is met: default `fail`, refused with
 *   `hold-timeout`. A client that goes away ends its wait.
 *
 * @public
 */
export type LossAction =
  | 'rebind'
  | 'detour'
  | 'fail'
  | { readonly action: 'fail'; readonly status: number }
  | {
      readonly action: 'hold'
      readonly limitMs: number
      readonly maxWaiting?: number
      readonly otherwise?: 'rebind' | 'detour' | 'fail'
    }

/** One action for every cause, or an action for each; a cause without one is `rebind`. @public */
export type LossPolicy = LossAction | { readonly [Cause in LossCause]?: LossAction }

/** An action with its defaults filled in. */
export type CheckedLossAction =
  | { readonly action: 'rebind' }
  | { readonly action: 'detour' }
  | { readonly action: 'fail'; readonly status: number | undefined }
  | {
      readonly action: 'hold'
      readonly limitMs: number
      readonly maxWaiting: number
      readonly otherwise: 'rebind' | 'detour' | 'fail'
    }

export type LossActions = { readonly [Cause in LossCause]: CheckedLossAction }

const CAUSES = [
  'gone',
  'not-ready',
  'terminated',
  'drained',
  'ejected',
  'unreachable',
] as const satisfies readonly LossCause[]

/**
 * The action for each cause.
 *
 * @throws StickyError `invalid-option`
 */
export function lossActions(path: string, policy: LossPolicy): LossActions {
  const isByCause = typeof policy === 'object' && policy !== null && !('action' in policy)
  if (isByCause) optionsObject(path, policy, CAUSES)
  const everywhere = isByCause ? undefined : checked(path, policy as LossAction)
  const actionFor = (cause: LossCause): CheckedLossAction => {
    if (everywhere) return everywhere
    const { [cause]: action = 'rebind' } = policy as { readonly [C in LossCause]?: LossAction }
    return checked(`${path}.${cause}`, action)
  }
  return Object.fromEntries(CAUSES.map((cause) => [cause, actionFor(cause)])) as LossActions
}

function checked(path: string, action: LossAction): CheckedLossAction {
  if (typeof action !== 'object' || action === null) {
    if (action === 'fail') return { action, status: undefined }
    if (action === 'rebind' || action === 'detour') return { action }
    throw invalidOption(path, "'rebind', 'detour', 'fail', or an object with an action", action)
  }
  choiceOption(`${path}.action`, action.action, ['fail', 'hold'])
  if (action.action === 'fail') {
    optionsObject(path, action, ['action', 'status'])
    return { action: 'fail', status: integerOption(`${path}.status`, action.status, 400, 599) }
  }
  optionsObject(path, action, ['action', 'limitMs', 'maxWaiting', 'otherwise'])
  const { limitMs, maxWaiting = 1_024, otherwise = 'fail' } = action
  return {
    action: 'hold',
    limitMs: durationOption(`${path}.limitMs`, limitMs, 1, 'finite'),
    maxWaiting: integerOption(`${path}.maxWaiting`, maxWaiting, 1, 1_000_000),
    otherwise: choiceOption(`${path}.otherwise`, otherwise, ['rebind', 'detour', 'fail']),
  }
}
