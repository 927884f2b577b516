import { describe, expect, it } from 'vitest'
import { type NearCache, nearCache } from '../../../src/table/near/near-cache.ts'
import type { NearCacheOptions } from '../../../src/table/near/near-options.ts'
import type { Binding, Claim, StickyTable } from '../../../src/table/sticky-table.ts'
import { type FakeClock, fakeClock } from '../../../src/testing/fake-clock.ts'
import {
  prompt,
  RemoteStore,
  type TestInvalidations,
  testInvalidations,
  type Wire,
} from '../../support/remote-store.ts'
import { settled } from '../../support/settled.ts'

/** A call that waits until the test lets it happen, and then until it lets the answer come. */
interface Call {
  readonly operation: string
  happen(): void
  answer(): Promise<void>
  fail(): Promise<void>
}

interface Rig {
  readonly near: NearCache
  readonly others: StickyTable
  readonly calls: Call[]
  readonly source: TestInvalidations
  readonly clock: FakeClock
}

function rig(options: Partial<NearCacheOptions> = {}): Rig {
  const clock = fakeClock()
  const store = new RemoteStore(clock, { idleTimeoutMs: 3_600_000 })
  const calls: Call[] = []
  const wire: Wire = <T>(operation: string, act: () => T) =>
    new Promise<T>((resolve, reject) => {
      let result: T
      let hasHappened = false
      const happen = () => {
        result = act()
        hasHappened = true
      }
      calls.push({
        operation,
        happen,
        answer: () => {
          if (!hasHappened) happen()
          resolve(result)
          return settled()
        },
        fail: () => {
          reject(new Error('connection lost'))
          return settled()
        },
      })
    })
  const source = testInvalidations()
  const near = nearCache(store.table(wire), {
    clock,
    maxWatchedAgeMs: Number.POSITIVE_INFINITY,
    invalidations: source,
    ...options,
  })
  source.tell.restored()
  return { near, others: store.table(prompt), calls, source, clock }
}

function call(calls: readonly Call[], index: number): Call {
  return calls[index] ?? expect.unreachable(`only ${calls.length} calls`)
}

describe('an answer is not kept', () => {
  it.each(['lookup', 'claim', 'move'] as const)(
    'of a %s whose key is changed meanwhile',
    async (operation) => {
      const { near, others, calls, source } = rig()
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
    const { near, others, calls, source, clock } = rig()
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
      const { near, others, calls } = rig()
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
    const { near, others, calls } = rig()
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

  it('of an earlier look-up that comes after a later one', async () => {
    const { near, others, calls, clock } = rig()
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
      const { near, others, calls } = rig()
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

describe('questions of one key at one time', () => {
  it('are one look-up', async () => {
    const { near, others, calls } = rig()
    await others.claim('a', 'pod-1')
    const asked = Array.from({ length: 20 }, () => near.lookup('a'))
    expect(calls).toHaveLength(1)
    await call(calls, 0).answer()
    for (const binding of await Promise.all(asked)) expect(binding).toMatchObject({ identity: 'pod-1' })
    expect(near.stats()).toMatchObject({ asked: 1, shared: 19 })
  })

  it('of different keys reach the table in the tick in which they are asked', () => {
    const { near, calls } = rig()
    for (let index = 0; index < 100; index++) void near.lookup(`key-${index}`)
    expect(calls).toHaveLength(100)
  })

  it('share no look-up that was asked for before a change was told, nor one older than maxAgeMs', async () => {
    const { near, others, calls, source, clock } = rig()
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
    const { near, calls } = rig()
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
    const { near, calls } = rig()
    const claims = ['pod-1', 'pod-2', 'pod-3'].map((identity) => near.claim('a', identity))
    expect(calls).toHaveLength(1)
    await call(calls, 0).answer()
    const answers: Claim[] = await Promise.all(claims)
    expect(answers.map(({ created }) => created)).toEqual([true, false, false])
    for (const { binding } of answers) expect(binding).toMatchObject({ identity: 'pod-1' })
    expect(near.lookup('a')).toMatchObject({ identity: 'pod-1' })
  })

  it('are claims of their own for clients with different addresses', () => {
    const { near, calls } = rig()
    void near.claim('a', 'pod-1', '192.0.2.1')
    void near.claim('a', 'pod-1', '192.0.2.2')
    expect(calls).toHaveLength(2)
  })

  it('are one move of several from one binding, and another from another', async () => {
    const { near, others, calls } = rig()
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
    const { near, calls } = rig()
    const asked = [near.lookup('a'), near.lookup('a')].map((answer) =>
      Promise.resolve(answer).catch((error: Error) => error.message),
    )
    await call(calls, 0).fail()
    expect(await Promise.all(asked)).toEqual(['connection lost', 'connection lost'])
    void near.lookup('a')
    expect(calls).toHaveLength(2)
  })

  it('are followed in bounded number, however long the table does not answer', async () => {
    const { near, calls, clock } = rig({ maxEntries: 10 })
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
