import { describe, expect, it } from 'vitest'
import type { Route } from '../../src/route/route.ts'
import { RouteCounts } from '../../src/route/route-counts.ts'

const NONE = { stuck: 0, bound: 0, moved: 0, detour: 0, keyless: 0, overflow: 0, fallback: 0, refused: 0 }
const route = (kind: Route['kind'], reason?: string) => ({ kind, reason }) as Route

describe('the counts of routes', () => {
  it('are zero for every kind at first, and absent for reasons', () => {
    expect(new RouteCounts().snapshot()).toEqual({ kinds: NONE, refused: {}, moves: {} })
  })

  it('go up by one for each route, by kind, and for refusals by reason', () => {
    const counts = new RouteCounts()
    const kinds = Object.keys(NONE) as Route['kind'][]
    for (const [index, kind] of kinds.entries()) {
      for (let times = 0; times <= index; times++) {
        counts.route(route(kind, kind === 'refused' ? (times < 3 ? 'lost' : 'closed') : undefined))
      }
    }
    expect(counts.snapshot()).toEqual({
      kinds: { stuck: 1, bound: 2, moved: 3, detour: 4, keyless: 5, overflow: 6, fallback: 7, refused: 8 },
      refused: { lost: 3, closed: 5 },
      moves: {},
    })
  })

  it('go up by one for each move, by cause', () => {
    const counts = new RouteCounts()
    for (const cause of ['gone', 'gone', 'corrected', 'rebalanced'] as const) counts.move(cause)
    expect(counts.snapshot()).toEqual({
      kinds: NONE,
      refused: {},
      moves: { gone: 2, corrected: 1, rebalanced: 1 },
    })
  })

  it('are a copy that later routes do not change', () => {
    const counts = new RouteCounts()
    counts.route(route('refused', 'lost'))
    counts.move('gone')
    const before = counts.snapshot()
    const kept = structuredClone(before)
    for (const kind of Object.keys(NONE) as Route['kind'][]) counts.route(route(kind, 'lost'))
    counts.move('gone')
    expect(before).toEqual(kept)
  })
})
