import { describe, expect, it } from 'vitest'
import type { Binding } from '../../../src/table/sticky-table.ts'
import { call, heldTable } from '../../support/held-table.ts'

describe('an answer is not kept', () => {
  it.each(['lookup', 'claim', 'move'] as const)(
    'of a %s whose key is changed meanwhile',
    async (operation) => {
      const { near, others, calls, source } = heldTable()
      const { binding: first } = (await others.claim('a', 'pod-1')) as { binding: Binding }
      const asked =
        operation === 'lookup'
          ? near.lookup('a')
          : operation === 'claim'
            ? near.claim('a', 'pod-9')
            : near.move('a', first, 'pod-2')
      call(calls, 0).happen()
      // Moved elsewhere, and told of, before the answer arrives.
      const standing = (await others.lookup('a')) as Binding
      await others.move('a', standing, 'pod-3')
      source.tell.changed('a')
      await call(calls, 0).answer()
      await asked
      const next = near.lookup('a')
      await call(calls, 1).answer()
      expect(await next).toMatchObject({ identity: 'pod-3' })
      expect(near.lookup('a')).toMatchObject({ identity: 'pod-3' })
    },
  )

  it('to its full age, of a look-up during which the source was lost and restored', async () => {
    const { near, others, calls, source, clock } = heldTable()
    await others.claim('a', 'pod-1')
    const asked = near.lookup('a')
    call(calls, 0).happen()
    source.tell.lost()
    await others.move('a', (await others.lookup('a')) as Binding, 'pod-2')
    source.tell.restored()
    await call(calls, 0).answer()
    expect(await asked).toMatchObject({ identity: 'pod-1' })
    clock.advance(1_000)
    const next = near.lookup('a')
    await call(calls, 1).answer()
    expect(await next).toMatchObject({ identity: 'pod-2' })
  })

  it('of a look-up beside a move of ours, whichever answer comes first', async () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const { near, others, calls } = heldTable()
      const { binding } = (await others.claim('a', 'pod-1')) as { binding: Binding }
      const look = near.lookup('a')
      const move = near.move('a', binding, 'pod-2')
      call(calls, 0).happen()
      call(calls, 1).happen()
      for (const index of order) await call(calls, index).answer()
      expect(await look).toMatchObject({ identity: 'pod-1' })
      expect(await move).toMatchObject({ moved: true })
      const next = near.lookup('a')
      if (calls.length > 2) await call(calls, 2).answer()
      expect(await next).toMatchObject({ identity: 'pod-2' })
    }
  })

  it('of a look-up that is asked for while a move of ours is under way', async () => {
    const { near, others, calls } = heldTable()
    const { binding } = (await others.claim('a', 'pod-1')) as { binding: Binding }
    const move = near.move('a', binding, 'pod-2')
    const look = near.lookup('a')
    call(calls, 1).happen()
    call(calls, 0).happen()
    await call(calls, 0).answer()
    await call(calls, 1).answer()
    await Promise.all([move, look])
    expect(await near.lookup('a')).toMatchObject({ identity: 'pod-2' })
  })

  it('of a claim beside a release of ours that may have come after it', async () => {
    const { near, others, calls } = heldTable()
    await others.claim('a', 'pod-1')
    const release = near.release('a')
    const claim = near.claim('a', 'pod-2')
    call(calls, 1).happen()
    call(calls, 0).happen()
    await call(calls, 1).answer()
    expect(near.lookup('a')).toBeInstanceOf(Promise)
    await call(calls, 0).answer()
    expect(await claim).toMatchObject({ binding: { identity: 'pod-1' } })
    expect(await release).toBe(true)
    expect(near.lookup('a')).toBeInstanceOf(Promise)
  })

  it('for longer because it was long on its way', async () => {
    const { near, others, calls, clock, source } = heldTable()
    source.tell.lost()
    await others.claim('a', 'pod-1')
    const asked = near.lookup('a')
    call(calls, 0).happen()
    clock.advance(600)
    await call(calls, 0).answer()
    expect(await asked).toMatchObject({ identity: 'pod-1' })
    clock.advance(399)
    expect(near.lookup('a')).toMatchObject({ identity: 'pod-1' })
    clock.advance(1)
    expect(near.lookup('a')).toBeInstanceOf(Promise)
  })

  it('of an earlier look-up that comes after a later one', async () => {
    const { near, others, calls, clock } = heldTable()
    await others.claim('a', 'pod-1')
    const slow = near.lookup('a')
    call(calls, 0).happen()
    await others.move('a', (await others.lookup('a')) as Binding, 'pod-2')
    clock.advance(1_001)
    const quick = near.lookup('a')
    await call(calls, 1).answer()
    expect(await quick).toMatchObject({ identity: 'pod-2' })
    await call(calls, 0).answer()
    expect(await slow).toMatchObject({ identity: 'pod-1' })
    expect(near.lookup('a')).toMatchObject({ identity: 'pod-2' })
  })

  it('while a move or a release of ours is under way, nor after one that failed', async () => {
    for (const operation of ['move', 'release'] as const) {
      const { near, others, calls } = heldTable()
      const claimed = near.claim('a', 'pod-1')
      await call(calls, 0).answer()
      const { binding } = (await claimed) as { binding: Binding }
      expect(near.lookup('a')).toEqual(binding)
      const change = operation === 'move' ? near.move('a', binding, 'pod-2') : near.release('a')
      const outcome = Promise.resolve(change).catch((error: Error) => error.message)
      const beside = near.lookup('a')
      expect(beside).toBeInstanceOf(Promise)
      // It takes effect, and its answer is lost.
      call(calls, 1).happen()
      await call(calls, 1).fail()
      expect(await outcome).toBe('connection lost')
      await call(calls, 2).answer()
      await beside
      const after = near.lookup('a')
      await call(calls, 3).answer()
      expect(await after).toEqual(await others.lookup('a'))
    }
  })
})
