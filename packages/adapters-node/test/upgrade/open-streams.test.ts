import { fakeClock } from '@limpet/core/testing'
import { describe, expect, it } from 'vitest'
import { type OpenStream, OpenStreams } from '../../src/upgrade/open-streams.ts'

function scene(idleMs: number) {
  const clock = fakeClock()
  let ends = 0
  const open = new OpenStreams(clock, idleMs, () => ends++)
  const cut: string[] = []
  const add = (name: string) => {
    const stream: OpenStream & { touch(): void } = {
      activeIn: open.sweeps,
      before: undefined,
      after: undefined,
      touch: () => {
        stream.activeIn = open.sweeps
      },
      cut: () => {
        cut.push(name)
        open.remove(stream)
      },
    }
    open.add(stream)
    return stream
  }
  return { clock, open, cut, add, ends: () => ends }
}

describe('OpenStreams', () => {
  it.each([0, 1, 124, 125, 999])('cuts a silent stream within an eighth after its limit: %d ms', (offset) => {
    const { clock, open, cut, add } = scene(1_000)
    // Another runs the timer since long before.
    const other = add('other')
    clock.advance(offset)
    add('silent')
    for (let ms = 0; ms < 1_000; ms++) {
      clock.advance(1)
      other.touch()
      expect(cut).toEqual([])
    }
    for (let ms = 0; ms < 126; ms++) {
      clock.advance(1)
      other.touch()
    }
    expect(cut).toEqual(['silent'])
    expect(open.size).toBe(1)
  })

  it('cuts none whose bytes flow', () => {
    const { clock, cut, add } = scene(800)
    const streams = [add('a'), add('b'), add('c')]
    for (let i = 0; i < 20; i++) {
      clock.advance(799)
      for (const stream of streams) stream.touch()
    }
    expect(cut).toEqual([])
  })

  it('cuts all that are silent in one sweep, and visits those beside them', () => {
    const { clock, cut, add } = scene(800)
    const names = ['a', 'b', 'c', 'd', 'e']
    const [, , c] = names.map(add)
    for (let i = 0; i < 10; i++) {
      clock.advance(100)
      c?.touch()
    }
    expect(cut.toSorted()).toEqual(['a', 'b', 'd', 'e'])
  })

  it('has one timer while there are streams, none without, and none without a limit', () => {
    const { clock, open, add, ends } = scene(800)
    expect(clock.pending).toBe(0)
    const streams = [add('a'), add('b')]
    expect([clock.pending, open.size]).toEqual([1, 2])
    for (const stream of streams) open.remove(stream)
    expect([clock.pending, open.size, ends()]).toEqual([0, 0, 2])
    add('again')
    expect(clock.pending).toBe(1)
    const endless = scene(Number.POSITIVE_INFINITY)
    endless.add('a')
    expect(endless.clock.pending).toBe(0)
  })

  it('cuts every stream on demand', () => {
    const { clock, open, cut, add } = scene(800)
    for (const name of ['a', 'b', 'c']) add(name)
    open.cut()
    expect([cut.toSorted(), open.size, clock.pending]).toEqual([['a', 'b', 'c'], 0, 0])
  })
})
