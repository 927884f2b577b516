import { describe, expect, it } from 'vitest'
import { ring } from '../../src/balance/ring.ts'
import type { ServedRoute } from '../../src/route/route.ts'
import { pods, pool, REFUSED, served } from '../support/pool.ts'

const bound = 1.05

describe('ring({ bound })', () => {
  it('binds a new key elsewhere as overflow while its endpoint has more than its share, and never above the capacity', () => {
    const { route } = pool({ placement: ring({ bound }), endpoints: pods(5) })
    const unbounded = pool({ placement: ring(), endpoints: pods(5) })
    const load = new Map<string, number>()
    const kinds = { bound: 0, overflow: 0 }
    for (let open = 0; open < 400; open++) {
      const answer = served(route(`session-${open}`))
      const { identity } = answer.endpoint
      const home = served(unbounded.route(`session-${open}`)).endpoint.identity
      expect(answer.kind).toBe(identity === home ? 'bound' : 'overflow')
      if (answer.kind === 'overflow') expect(answer.stored).toBe(true)
      kinds[answer.kind as 'bound' | 'overflow']++
      load.set(identity, (load.get(identity) ?? 0) + 1)
      expect(load.get(identity)).toBeLessThanOrEqual(Math.ceil((bound * (open + 1)) / 5))
    }
    expect(Math.min(kinds.bound, kinds.overflow)).toBeGreaterThan(20)
  })

  it('leaves a key where it was bound, whatever the load', () => {
    const { route } = pool({ placement: ring({ bound }), endpoints: pods(5) })
    const first = served(route('hot'))
    for (let open = 0; open < 50; open++) {
      expect(served(route('hot'))).toMatchObject({ kind: 'stuck', endpoint: first.endpoint })
    }
  })

  it('serves when the one endpoint that is left has more than its share', () => {
    const { route } = pool({ placement: ring({ bound: 1 }), endpoints: pods(2), passiveHealth: false })
    for (let open = 0; open < 20; open++) {
      const first = served(route(`session-${open}`))
      if (first.endpoint.identity === 'pod-1') continue
      expect(served(first.next(REFUSED) as ServedRoute).endpoint.identity).toBe('pod-1')
    }
  })

  it('calls a later placement of the same request what it is', () => {
    const { route } = pool({ placement: ring({ bound: 1 }), endpoints: pods(3) })
    const hot = Array.from({ length: 30 }, (_, index) => served(route(`session-${index}`)))
    const overflow = hot.find(({ kind }) => kind === 'overflow') as ServedRoute
    for (const answer of hot) if (answer !== overflow) answer.done()
    expect(served(overflow.next(REFUSED) as ServedRoute).kind).toBe('moved')
  })
})
