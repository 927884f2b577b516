import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { Identities } from '../../src/table/identities.ts'

// Far above what they take, for machines that are busy with other work.
vi.setConfig({ testTimeout: 60_000 })

describe('Identities', () => {
  it('gives one number to all bindings of an identity, and 0 to none', () => {
    const identities = new Identities()
    const web0 = identities.retain('web-0')
    expect(web0).toBe(1)
    expect(identities.retain('web-0')).toBe(web0)
    expect(identities.retain('web-1')).toBe(2)
    expect(identities.ordinalOf('web-2')).toBe(0)
    expect(identities.count('web-2')).toBe(0)
    expect([...identities.counts()]).toEqual([
      ['web-0', 2],
      ['web-1', 1],
    ])
  })

  it('gives a number again when no binding points at it', () => {
    const identities = new Identities()
    const former = identities.retain('web-0')
    identities.retain('web-0')
    identities.release(former)
    expect(identities.of(former)).toBe('web-0')
    identities.release(former)
    expect(identities.ordinalOf('web-0')).toBe(0)
    expect(identities.count('web-0')).toBe(0)
    expect(identities.retain('web-9')).toBe(former)
    expect(identities.of(former)).toBe('web-9')
    expect(identities.count('web-9')).toBe(1)
  })

  it('does not grow over years of rollouts', () => {
    const identities = new Identities()
    let highest = 0
    let former: number[] = []
    for (let rollout = 0; rollout < 2_000; rollout++) {
      const next = [0, 1, 2].map((pod) => identities.retain(`web-${rollout}-${pod}`))
      for (const ordinal of former) identities.release(ordinal)
      former = next
      highest = Math.max(highest, ...next)
      expect(identities.counts().size).toBe(3)
    }
    expect(highest).toBe(6)
  })

  it('gives a copy of its counts', () => {
    const identities = new Identities()
    identities.retain('web-0')
    const counts = identities.counts()
    counts.set('web-0', 9)
    identities.retain('web-0')
    expect(identities.count('web-0')).toBe(2)
    expect(counts.get('web-0')).toBe(9)
  })

  it('counts as a plain list does', () => {
    const action = fc.record({
      isRetain: fc.boolean(),
      identity: fc.constantFrom('', 'a', 'b', 'c', '__proto__', '\ud800'),
    })
    fc.assert(
      fc.property(fc.array(action, { maxLength: 200, size: 'max' }), (actions) => {
        const identities = new Identities()
        const held: { readonly identity: string; readonly ordinal: number }[] = []
        for (const { isRetain, identity } of actions) {
          const at = held.findIndex((one) => one.identity === identity)
          if (isRetain) held.push({ identity, ordinal: identities.retain(identity) })
          else if (at >= 0) identities.release(held.splice(at, 1)[0]?.ordinal as number)
          for (const { identity: its, ordinal } of held) {
            expect(identities.of(ordinal)).toBe(its)
            expect(identities.ordinalOf(its)).toBe(ordinal)
            expect(identities.count(its)).toBe(held.filter((one) => one.identity === its).length)
          }
          const counts = [...identities.counts().values()]
          expect(counts.reduce((sum, count) => sum + count, 0)).toBe(held.length)
        }
      }),
      { numRuns: 30 },
    )
  })
})
