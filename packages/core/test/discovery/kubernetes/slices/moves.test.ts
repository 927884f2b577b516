import { describe, expect, it } from 'vitest'
import { DRAINING, NOT_READY, pod, READY, slice, TERMINATED, Web } from './support.ts'

describe('an endpoint that moves between slices', () => {
  it('is never lost and never counted twice when it is added before it is removed', () => {
    const web = new Web({}, [
      slice('a', [pod('web-0', '10.0.0.1'), pod('web-1', '10.0.0.2')]),
      slice('b', []),
    ])
    const before = web.get('web-0')
    web.put(slice('b', [pod('web-0', '10.0.0.1')]))
    expect(web.endpoints.take()).toBeUndefined()
    web.put(slice('a', [pod('web-1', '10.0.0.2')]))
    expect(web.endpoints.take()).toBeUndefined()
    expect(web.get('web-0')).toBe(before)
  })

  it('stays through the grace when it is removed first', () => {
    const web = new Web({ moveGraceMs: 2_000 }, [slice('a', [pod('web-0', '10.0.0.1')])])
    const before = web.get('web-0')
    web.put(slice('a', []))
    expect(web.endpoints.take()).toBeUndefined()
    expect(web.endpoints.dueAt).toBe(web.clock.now() + 2_000)
    web.clock.advance(1_999)
    expect(web.endpoints.take()).toBeUndefined()
    web.put(slice('b', [pod('web-0', '10.0.0.1')]))
    expect(web.endpoints.take()).toBeUndefined()
    expect(web.endpoints.dueAt).toBeUndefined()
    web.clock.advance(10_000)
    expect(web.get('web-0')).toBe(before)
  })

  it('goes when the grace is over, each at its own time', () => {
    const web = new Web({}, [slice('a', [pod('web-0', '10.0.0.1'), pod('web-1', '10.0.0.2')])])
    expect(web.shown).toHaveLength(2)
    web.put(slice('a', [pod('web-1', '10.0.0.2')]))
    expect(web.shown).toHaveLength(2)
    web.clock.advance(500)
    web.remove('a')
    expect(web.shown).toHaveLength(2)
    web.clock.advance(1_500)
    expect(web.shown).toEqual(['web-1 10.0.0.2:8080'])
    web.clock.advance(500)
    expect(web.shown).toEqual([])
    expect(web.endpoints.dueAt).toBeUndefined()
  })

  it('goes at once if it was terminating, as every pod that ends in order', () => {
    const web = new Web({}, [slice('a', [pod('web-0', '10.0.0.1', { conditions: DRAINING })])])
    expect(web.shown).toHaveLength(1)
    web.put(slice('a', []))
    expect(web.shown).toEqual([])
  })

  it('goes at once with moveGraceMs: 0', () => {
    const web = new Web({ moveGraceMs: 0 }, [slice('a', [pod('web-0', '10.0.0.1')])])
    expect(web.shown).toHaveLength(1)
    web.put(slice('a', []))
    expect(web.shown).toEqual([])
  })

  it('is kept when a list comes without it, for as long as the grace', () => {
    const web = new Web({}, [slice('a', [pod('web-0', '10.0.0.1')])])
    const before = web.get('web-0')
    web.endpoints.replaced([])
    expect(web.get('web-0')).toBe(before)
    web.clock.advance(2_000)
    expect(web.shown).toEqual([])
  })

  it.each([
    ['ready', 'draining', READY, DRAINING],
    ['draining', 'not ready', DRAINING, NOT_READY],
    ['not ready', 'terminated', NOT_READY, TERMINATED],
  ])('counts as %s where the other slice says %s, in either order', (_one, _other, better, worse) => {
    for (const [first, second] of [
      [better, worse],
      [worse, better],
    ] as const) {
      const web = new Web({}, [slice('a', [pod('web-0', '10.0.0.1', { conditions: first })])])
      expect(web.get('web-0')?.conditions).toEqual(first)
      web.put(slice('b', [pod('web-0', '10.0.0.1', { conditions: second })]))
      expect(web.get('web-0')?.conditions).toEqual(better)
      web.remove('a')
      expect(web.get('web-0')?.conditions).toEqual(second)
    }
  })

  it('is one of two listings that are as usable, whichever came first', () => {
    const one = pod('web-0', '10.0.0.1', { conditions: DRAINING })
    const other = pod('web-0', '10.0.0.1', { conditions: { ...DRAINING, ready: true } })
    const [first, second] = [
      [one, other],
      [other, one],
    ].map((listed) => new Web({}, [slice('a', listed)]).get('web-0')?.conditions)
    expect(first).toEqual(second)
  })

  it('leads to the same set in whatever order the slices came', () => {
    const slices = [
      slice('a', [pod('web-1', '10.0.0.1', { zone: 'b' }), pod('web-0', '10.0.0.3')]),
      slice('b', [pod('web-1', '10.0.0.1', { zone: 'a' }), pod('web-10', '10.0.0.4')]),
      slice('c', [pod('web-1', '10.0.0.9'), pod('web-2', '10.0.0.5')]),
    ]
    const sets = [
      [0, 1, 2],
      [2, 1, 0],
      [1, 2, 0],
    ].map((order) => new Web({}, []).put(...order.map((index) => slices[index])).set.endpoints)
    expect(sets[0]?.map(({ identity }) => identity)).toEqual(['web-0', 'web-1', 'web-10', 'web-2'])
    expect(sets[1]).toEqual(sets[0])
    expect(sets[2]).toEqual(sets[0])
  })
})

describe('an address that another pod gets', () => {
  it.each(['name', 'uid'] as const)('is no way to the old one in one event, under %s', (identity) => {
    const web = new Web({ identity }, [slice('a', [pod('web-0', '10.0.0.1')])])
    const [old] = web.set.endpoints
    web.put(slice('a', [pod('web-9', '10.0.0.1')]))
    expect(web.set.endpoints).toHaveLength(1)
    expect(web.set.endpoints[0]?.identity).not.toBe(old?.identity)
    expect(web.set.get(old?.identity as string)).toBeUndefined()
    expect(web.endpoints.dueAt).toBeUndefined()
  })

  it('ends the grace of the old one', () => {
    const web = new Web({}, [slice('a', [pod('web-0', '10.0.0.1')])])
    expect(web.shown).toHaveLength(1)
    web.put(slice('a', []))
    expect(web.shown).toEqual(['web-0 10.0.0.1:8080'])
    web.put(slice('b', [pod('web-9', '10.0.0.1', { conditions: NOT_READY })]))
    expect(web.shown).toEqual(['web-9 10.0.0.1:8080'])
    expect(web.endpoints.dueAt).toBeUndefined()
  })

  it('belongs to one pod, the more usable, while a leftover of the old one is listed', () => {
    const old = slice('a', [pod('web-0', '10.0.0.1', { conditions: TERMINATED })])
    const fresh = slice('b', [pod('web-9', '10.0.0.1')])
    expect(new Web({}, [old, fresh]).shown).toEqual(['web-9 10.0.0.1:8080'])
    expect(new Web({}, [fresh, old]).shown).toEqual(['web-9 10.0.0.1:8080'])
  })

  it('stays one endpoint under identity address', () => {
    const web = new Web({ identity: 'address' }, [slice('a', [pod('web-0', '10.0.0.1')])])
    const before = web.set.endpoints[0]
    web.put(slice('a', [pod('web-9', '10.0.0.1')]))
    expect(web.endpoints.take()).toBeUndefined()
    expect(web.set.endpoints[0]).toBe(before)
  })
})

describe('a pod of a StatefulSet that restarts', () => {
  const before = slice('a', [pod('web-1', '10.0.0.1')])
  const after = slice('a', [
    { ...pod('web-1', '10.0.0.7'), targetRef: { kind: 'Pod', name: 'web-1', uid: 'new' } },
  ])

  it('is the same identity at its new address, by name', () => {
    const web = new Web({}, [before])
    expect(web.shown).toEqual(['web-1 10.0.0.1:8080'])
    web.put(after)
    expect(web.shown).toEqual(['web-1 10.0.0.7:8080'])
  })

  it('is another identity by uid; the old one is gone when its grace is over', () => {
    const web = new Web({ identity: 'uid' }, [before])
    expect(web.shown).toEqual(['uid-of-web-1 10.0.0.1:8080'])
    web.put(after)
    expect(web.shown).toEqual(['new 10.0.0.7:8080', 'uid-of-web-1 10.0.0.1:8080'])
    web.clock.advance(2_000)
    expect(web.shown).toEqual(['new 10.0.0.7:8080'])
  })

  it('is the new pod while a slice still lists the old one as ended', () => {
    const old = slice('b', [pod('web-1', '10.0.0.1', { conditions: TERMINATED })])
    expect(new Web({}, [old, after]).shown).toEqual(['web-1 10.0.0.7:8080'])
    expect(new Web({}, [after, old]).shown).toEqual(['web-1 10.0.0.7:8080'])
  })
})
