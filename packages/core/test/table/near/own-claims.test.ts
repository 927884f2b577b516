import { describe, expect, it } from 'vitest'
import type { Binding } from '../../../src/table/sticky-table.ts'
import { call, type HeldTable, heldTable } from '../../support/held-table.ts'

/** A near cache whose source tells of each write, and has done so before. */
function written(): HeldTable {
  const held = heldTable()
  held.source.tell.written('another')
  return held
}

/** Whether the near cache answers from what it remembers. */
const isKept = ({ near, calls }: HeldTable, key: string): boolean => {
  const before = calls.length
  void near.lookup(key)
  return calls.length === before
}

async function claimed(held: HeldTable, identity = 'pod-1'): Promise<Binding> {
  const claim = held.near.claim('a', identity)
  await call(held.calls, 0).answer()
  return (await claim).binding as Binding
}

describe('a near cache whose source tells of each write', () => {
  it('keeps what it has claimed when it is told of that, after the answer or before', async () => {
    const after = written()
    await claimed(after)
    after.source.tell.written('a')
    expect(isKept(after, 'a')).toBe(true)

    const before = written()
    const claim = before.near.claim('a', 'pod-1')
    call(before.calls, 0).happen()
    before.source.tell.written('a')
    await call(before.calls, 0).answer()
    expect(await claim).toMatchObject({ created: true })
    expect(isKept(before, 'a')).toBe(true)
    before.source.tell.written('a')
    expect(isKept(before, 'a')).toBe(false)
  })

  it('doubts it at the second write, and at any change', async () => {
    const twice = written()
    await claimed(twice)
    twice.source.tell.written('a')
    twice.source.tell.written('a')
    expect(isKept(twice, 'a')).toBe(false)

    const changed = written()
    await claimed(changed)
    changed.source.tell.changed('a')
    expect(isKept(changed, 'a')).toBe(false)
  })

  it('does not keep what changed while the claim was under way, though the write came first', async () => {
    for (const more of ['written', 'changed'] as const) {
      const held = written()
      const claim = held.near.claim('a', 'pod-1')
      call(held.calls, 0).happen()
      held.source.tell.written('a')
      held.source.tell[more]('a')
      await call(held.calls, 0).answer()
      await claim
      expect(isKept(held, 'a')).toBe(false)
    }
  })

  it('pardons nothing to a claim that another one had won', async () => {
    const after = written()
    await after.others.claim('a', 'pod-9')
    expect((await claimed(after)).identity).toBe('pod-9')
    after.source.tell.written('a')
    expect(isKept(after, 'a')).toBe(false)

    const before = written()
    await before.others.claim('a', 'pod-9')
    const claim = before.near.claim('a', 'pod-1')
    call(before.calls, 0).happen()
    before.source.tell.written('a')
    await call(before.calls, 0).answer()
    expect(await claim).toMatchObject({ created: false })
    expect(isKept(before, 'a')).toBe(false)
  })

  it('pardons nothing any more once the source was lost, or the write is late', async () => {
    const lost = written()
    await claimed(lost)
    lost.source.tell.lost()
    lost.source.tell.restored()
    lost.source.tell.written('a')
    expect(isKept(lost, 'a')).toBe(false)

    const meanwhile = written()
    const claim = meanwhile.near.claim('a', 'pod-1')
    call(meanwhile.calls, 0).happen()
    meanwhile.source.tell.lost()
    meanwhile.source.tell.restored()
    await call(meanwhile.calls, 0).answer()
    await claim
    meanwhile.source.tell.written('a')
    expect(isKept(meanwhile, 'a')).toBe(false)

    const late = written()
    await claimed(late)
    late.clock.advance(1_000)
    late.source.tell.written('a')
    expect(isKept(late, 'a')).toBe(false)
  })
})
