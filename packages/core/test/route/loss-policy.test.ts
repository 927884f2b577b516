import { describe, expect, it } from 'vitest'
import { type LossPolicy, lossActions } from '../../src/route/loss-policy.ts'

const actions = (policy: unknown) => lossActions('onLost', policy as LossPolicy)
const EVERY = (action: object) => ({
  gone: action,
  'not-ready': action,
  terminated: action,
  drained: action,
  ejected: action,
  unreachable: action,
})
const REBIND = { action: 'rebind' }

describe('the policy for a lost endpoint', () => {
  it.each<[unknown, object]>([
    ['rebind', REBIND],
    ['detour', { action: 'detour' }],
    ['fail', { action: 'fail', status: undefined }],
    [
      { action: 'fail', status: 404 },
      { action: 'fail', status: 404 },
    ],
    [
      { action: 'hold', limitMs: 2_000 },
      { action: 'hold', limitMs: 2_000, maxWaiting: 1_024, otherwise: 'fail' },
    ],
    [
      { action: 'hold', limitMs: 1, maxWaiting: 1, otherwise: 'rebind' },
      { action: 'hold', limitMs: 1, maxWaiting: 1, otherwise: 'rebind' },
    ],
  ])('%j is one for every cause', (policy, action) => {
    expect(actions(policy)).toEqual(EVERY(action))
  })

  it('may be an action for each cause; a cause without one is rebind', () => {
    expect(
      actions({
        gone: { action: 'fail', status: 410 },
        unreachable: 'detour',
        drained: 'rebind',
        ejected: undefined,
      }),
    ).toEqual({
      ...EVERY(REBIND),
      gone: { action: 'fail', status: 410 },
      unreachable: { action: 'detour' },
    })
    expect(actions({})).toEqual(EVERY(REBIND))
  })

  it.each<[string, unknown]>([
    [`onLost": expected 'rebind', 'detour', 'fail', or an object with an action, got undefined`, undefined],
    [`onLost": expected 'rebind', 'detour', 'fail', or an object with an action, got 503`, 503],
    ['onLost": expected an object, got an array', []],
    [
      'onLost.gone.status": expected an integer from 400 to 599, got 399',
      { gone: { action: 'fail', status: 399 } },
    ],
    ['onLost.gone.limitMs": expected milliseconds from 1', { gone: { action: 'hold', limitMs: 0 } }],
    [
      'onLost.gone.limitMs": expected milliseconds from 1',
      { gone: { action: 'hold', limitMs: Number.POSITIVE_INFINITY } },
    ],
    [
      'onLost.timeout" is unknown; known: action, limitMs, maxWaiting, otherwise',
      { action: 'hold', limitMs: 1, timeout: 1 },
    ],
    [
      `onLost.ejected": expected 'rebind', 'detour', 'fail', or an object with an action, got null`,
      { ejected: null },
    ],
  ])('is refused: %s', (message, policy) => {
    expect(() => actions(policy)).toThrow(`option "${message}`)
  })
})
