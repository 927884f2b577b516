import { describe, expect, it } from 'vitest'
import type { Binding, Claim } from '../../../src/table/sticky-table.ts'
import { call, heldTable } from '../../support/held-table.ts'

describe('questions of one key at one time', () => {
  it('are one look-up', async () => {
    const { near, others, calls } = heldTable()
    await others.claim('a', 'pod-1')
    const asked = Array.from({ length: 20 }, () => near.lookup('a'))
    expect(calls).toHaveLength(1)
    await call(calls, 0).answer()
    for (const binding of await Promise.all(asked)) expect(binding).toMatchObject({ identity: 'pod-1' })
    expect(near.stats()).toMatchObject({ asked: 1, shared: 19 })
  })

  it('of different keys reach the table in the tick in which they are asked', () => {
    const { near, calls } = heldTable()
    for (let index = 0; index < 100; index++) void near.lookup(`key-${index}`)
    expect(calls).toHaveLength(100)
  })

  it('share no look-up that was asked for before a change was told, nor one older than maxAgeMs', async () => {
    const { near, others, calls, source, clock } = heldTable()
    await others.claim('a', 'pod-1')
    const first = near.lookup('a')
    source.tell.changed('a')
    const second = near.lookup('a')
    expect(calls).toHaveLength(2)
    clock.advance(1_000)
    const third = near.lookup('a')
    expect(calls).toHaveLength(2)
    clock.advance(1)
    const fourth = near.lookup('a')
    expect(calls).toHaveLength(3)
    for (const index of [0, 1, 2]) await call(calls, index).answer()
    await Promise.all([first, second, third, fourth])
  })

  it('are a claim where one claims, also during a look-up', async () => {
    const { near, calls } = heldTable()
    const look = near.lookup('a')
    const claim = near.claim('a', 'pod-1')
    expect(calls.map(({ operation }) => operation)).toEqual(['lookup', 'claim'])
    await call(calls, 0).answer()
    await call(calls, 1).answer()
    expect(await look).toBeUndefined()
    expect(await claim).toMatchObject({ created: true, binding: { identity: 'pod-1' } })
    expect(near.lookup('a')).toMatchObject({ identity: 'pod-1' })
  })

  it('are one claim of several, which one of them made', async () => {
    const { near, calls } = heldTable()
    const claims = ['pod-1', 'pod-2', 'pod-3'].map((identity) => near.claim('a', identity))
    expect(calls).toHaveLength(1)
    await call(calls, 0).answer()
    const answers: Claim[] = await Promise.all(claims)
    expect(answers.map(({ created }) => created)).toEqual([true, false, false])
    for (const { binding } of answers) expect(binding).toMatchObject({ identity: 'pod-1' })
    expect(near.lookup('a')).toMatchObject({ identity: 'pod-1' })
  })

  it('are claims of their own for clients with different addresses', () => {
    const { near, calls } = heldTable()
    void near.claim('a', 'pod-1', '192.0.2.1')
    void near.claim('a', 'pod-1', '192.0.2.2')
    expect(calls).toHaveLength(2)
  })

  it('are one move of several from one binding, and another from another', async () => {
    const { near, others, calls } = heldTable()
    const { binding } = (await others.claim('a', 'pod-1')) as { binding: Binding }
    const moves = ['pod-2', 'pod-3'].map((identity) => near.move('a', binding, identity))
    void near.move('a', { ...binding, version: 'another' }, 'pod-4')
    expect(calls).toHaveLength(2)
    await call(calls, 0).answer()
    const answers = await Promise.all(moves)
    expect(answers.map(({ moved }) => moved)).toEqual([true, false])
    for (const answer of answers) expect(answer.binding).toMatchObject({ identity: 'pod-2' })
  })

  it('fail together, and the next is asked anew', async () => {
    const { near, calls } = heldTable()
    const asked = [near.lookup('a'), near.lookup('a')].map((answer) =>
      Promise.resolve(answer).catch((error: Error) => error.message),
    )
    await call(calls, 0).fail()
    expect(await Promise.all(asked)).toEqual(['connection lost', 'connection lost'])
    void near.lookup('a')
    expect(calls).toHaveLength(2)
  })

  it('are followed in bounded number, however long the table does not answer', async () => {
    const { near, calls, clock } = heldTable({ maxEntries: 10 })
    for (let index = 0; index < 50; index++) void near.lookup(`key-${index}`)
    void near.lookup('key-49')
    expect(calls).toHaveLength(50)
    void near.lookup('key-0')
    expect(calls).toHaveLength(51)
    clock.advance(30_000)
    for (const { answer } of [...calls]) await answer()
    expect(near.stats().entries).toBe(0)
  })
})
