import { describe, expect, it } from 'vitest'
import { nearCache } from '../../../src/table/near/near-cache.ts'
import type { Binding, StickyTable } from '../../../src/table/sticky-table.ts'
import { fakeClock } from '../../../src/testing/fake-clock.ts'
import { prompt, RemoteStore, testInvalidations } from '../../support/remote-store.ts'
import { settled } from '../../support/settled.ts'
import { countedTable, type Faults, faultyTable } from '../../support/tables.ts'

const IDLE = 4_000
const LIFE = 1.25 * IDLE

function rig(options: { absoluteTimeoutMs?: number; saysTimeouts?: boolean; faults?: Faults } = {}) {
  const { absoluteTimeoutMs = Number.POSITIVE_INFINITY, saysTimeouts = true, faults = {} } = options
  const clock = fakeClock()
  const store = new RemoteStore(clock, { idleTimeoutMs: IDLE, absoluteTimeoutMs })
  const calls = countedTable(faultyTable(store.table(prompt), faults))
  const table: StickyTable = saysTimeouts
    ? Object.assign(calls, { idleTimeoutMs: IDLE, absoluteTimeoutMs })
    : calls
  const source = testInvalidations()
  const near = nearCache(table, { clock, maxWatchedAgeMs: Number.POSITIVE_INFINITY, invalidations: source })
  source.tell.restored()
  return { clock, store, near, calls: calls.calls }
}

async function bound({ near }: ReturnType<typeof rig>): Promise<Binding> {
  const { binding } = await near.claim('a', 'pod-1')
  return binding ?? expect.unreachable('expected a binding')
}

describe.each([true, false])(
  'uses of a remembered key, where the table says its timeouts: %s',
  (saysTimeouts) => {
    it('are told to the table once per quarter of the idle timeout, and keep the binding for ever', async () => {
      const test = rig({ saysTimeouts })
      await bound(test)
      const requests = 5_000
      const gap = IDLE / 100
      for (let request = 0; request < requests; request++) {
        test.clock.advance(gap)
        expect(await test.near.lookup('a')).toMatchObject({ identity: 'pod-1' })
        await settled()
      }
      const quarters = (requests * gap) / (IDLE / 4)
      expect(test.calls.lookup).toBeLessThanOrEqual(quarters)
      expect(test.calls.lookup).toBeGreaterThan(quarters * 0.9)
      expect(test.calls.lookup / requests).toBeLessThanOrEqual(0.05)
      expect(test.store.refreshes).toBe(test.calls.lookup)
    })

    it('keep the binding for its idle timeout after each, and at most a quarter longer', async () => {
      for (let usedAfter = 0; usedAfter < LIFE; usedAfter += 100) {
        const test = rig({ saysTimeouts })
        await bound(test)
        test.clock.advance(usedAfter)
        await test.near.lookup('a')
        await settled()
        test.clock.advance(IDLE - 1)
        expect(test.store.standing('a'), `used after ${usedAfter} ms`).toBeDefined()
        test.clock.advance(IDLE / 4 + 1)
        expect(test.store.standing('a'), `used after ${usedAfter} ms`).toBeUndefined()
      }
    })

    it('are answered at once also when they are told', async () => {
      const test = rig({ saysTimeouts })
      await bound(test)
      test.clock.advance(IDLE / 2)
      for (let use = 0; use < 10; use++) expect(test.near.lookup('a')).toMatchObject({ identity: 'pod-1' })
      expect(test.calls.lookup).toBe(1)
    })

    it('are not told for ever where the absolute timeout is near', async () => {
      const test = rig({ saysTimeouts, absoluteTimeoutMs: LIFE + 500 })
      await bound(test)
      for (let passed = 0; passed < LIFE + 400; passed += 10) {
        test.clock.advance(10)
        expect(await test.near.lookup('a')).toMatchObject({ identity: 'pod-1' })
        await settled()
      }
      expect(test.calls.lookup).toBeLessThanOrEqual(saysTimeouts ? 1 : 70)
      test.clock.advance(100)
      expect(await test.near.lookup('a')).toBeUndefined()
    })
  },
)

describe('an open stream', () => {
  it('is told to the table when less than the idle timeout is left, then once per quarter', async () => {
    const test = rig()
    const binding = await bound(test)
    await test.near.touch('a', binding)
    expect(test.calls.touch).toBe(0)
    for (let passed = 0; passed < 10 * IDLE; passed += IDLE / 40) {
      test.clock.advance(IDLE / 40)
      await test.near.touch('a', binding)
    }
    expect(test.calls.touch).toBeGreaterThan(35)
    expect(test.calls.touch).toBeLessThanOrEqual(40)
    expect(test.store.standing('a')).toBeDefined()
  })

  it('on a binding that is not the one remembered is told as it is', async () => {
    const test = rig()
    const binding = await bound(test)
    await test.near.move('a', binding, 'pod-2')
    await test.near.touch('a', binding)
    await test.near.touch('b', binding)
    expect(test.calls.touch).toBe(2)
  })
})

describe('the last binding known', () => {
  it('is known within its own timeouts, uses here counted', async () => {
    const faults: Faults = {}
    const test = rig({ absoluteTimeoutMs: 5 * IDLE, faults })
    await bound(test)
    faults.lookup = 'rejects'
    for (let passed = 0; passed < 5 * IDLE; passed += IDLE / 2) {
      expect(test.near.lastKnown('a'), `after ${passed} ms`).toMatchObject({ identity: 'pod-1' })
      test.clock.advance(IDLE / 2)
    }
    expect(test.near.lastKnown('a')).toBeUndefined()
    expect(test.near.stats().entries).toBe(0)
  })

  it('ends when the idle timeout has passed without use', async () => {
    const test = rig()
    await bound(test)
    expect(test.near.lastKnown('a')).toBeDefined()
    test.clock.advance(LIFE - 1)
    expect(test.near.lastKnown('a')).toBeDefined()
    test.clock.advance(IDLE)
    expect(test.near.lastKnown('a')).toBeUndefined()
  })

  it('ends with what the table said, where it does not say its timeouts', async () => {
    const test = rig({ saysTimeouts: false })
    await bound(test)
    test.clock.advance(LIFE - 1)
    expect(test.near.lastKnown('a')).toBeDefined()
    test.clock.advance(1)
    expect(test.near.lastKnown('a')).toBeUndefined()
  })
})

describe('a table that fails', () => {
  it('is seen as away when it fails for two keys in a row; then all is asked for again', async () => {
    const faults: Faults = {}
    const test = rig({ faults })
    for (const key of ['a', 'b', 'c']) await test.near.claim(key, 'pod-1')
    test.store.lose()
    faults.lookup = 'rejects'
    for (const key of ['x', 'y']) await expect(test.near.lookup(key)).rejects.toThrow('broken')
    expect(test.near.stats().isOutage).toBe(true)
    delete faults.lookup
    for (const key of ['a', 'b', 'c']) expect(await test.near.lookup(key)).toBeUndefined()
    expect(test.near.stats().isOutage).toBe(false)
  })

  it('for one key alone has only this one asked for again', async () => {
    const faults: Faults = {}
    const test = rig({ faults })
    for (const key of ['a', 'b']) await test.near.claim(key, 'pod-1')
    faults.release = 'rejects'
    for (let time = 0; time < 5; time++) await expect(test.near.release('a')).rejects.toThrow('broken')
    expect(test.near.stats().isOutage).toBe(false)
    expect(test.near.lookup('b')).toMatchObject({ identity: 'pod-1' })
    expect(test.near.lookup('a')).toBeInstanceOf(Promise)
  })

  it('is seen as away, too, when the pool asks for what was known last, since it hangs', async () => {
    const faults: Faults = {}
    const test = rig({ faults })
    for (const key of ['a', 'b', 'c']) await test.near.claim(key, 'pod-1')
    faults.lookup = 'hangs'
    expect(test.near.lastKnown('a')).toMatchObject({ identity: 'pod-1' })
    expect(test.near.lastKnown('b')).toMatchObject({ identity: 'pod-1' })
    expect(test.near.stats().isOutage).toBe(true)
    expect(test.near.lookup('c')).toBeInstanceOf(Promise)
  })

  it('by throwing, in what was to tell of a use, or with nonsense, is no harm', async () => {
    const faults: Faults = {}
    const test = rig({ faults })
    const binding = await bound(test)
    test.clock.advance(IDLE / 2)
    faults.lookup = 'rejects'
    faults.touch = 'rejects'
    expect(test.near.lookup('a')).toMatchObject({ identity: 'pod-1' })
    await expect(test.near.touch('a', binding)).rejects.toThrow('broken')
    await settled()
    faults.lookup = 'throws'
    expect(() => test.near.lookup('a')).toThrow('broken')
    const answers = () => 7 as never
    const nonsense = nearCache({
      lookup: answers,
      claim: () => undefined as never,
      move: answers,
      touch: answers,
      release: answers,
    })
    expect(() => nonsense.claim('a', 'pod-1')).toThrow(TypeError)
  })
})
