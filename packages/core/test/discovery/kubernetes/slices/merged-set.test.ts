import { describe, expect, it } from 'vitest'
import { mergedSet } from '../../../../src/discovery/kubernetes/slices/merged-set.ts'
import type { EndpointInit } from '../../../../src/endpoint/endpoint.ts'

const init = (identity: string, more: EndpointInit = {}): EndpointInit => ({
  identity,
  host: '10.0.0.1',
  port: 80,
  ...more,
})
const of = (...inits: EndpointInit[]) =>
  mergedSet(undefined, new Map(inits.map((each) => [each.identity as string, each])))

describe('mergedSet', () => {
  it('puts, replaces and takes out, in the order of identities', () => {
    const before = of(init('c'), init('a'), init('b'))
    expect(before.endpoints.map(({ identity }) => identity)).toEqual(['a', 'b', 'c'])
    const after = mergedSet(
      before,
      new Map([
        ['aa', init('aa')],
        ['c', undefined],
        ['b', init('b', { weight: 2 })],
        ['z', init('z')],
      ]),
    )
    expect(after.endpoints.map(({ identity, weight }) => [identity, weight])).toEqual([
      ['a', 1],
      ['aa', 1],
      ['b', 2],
      ['z', 1],
    ])
    expect(after.get('a')).toBe(before.get('a'))
    expect(before.get('c')).toBeDefined()
  })

  it('answers the set itself where nothing changes', () => {
    const before = of(init('a'))
    expect(mergedSet(before, new Map([['a', init('a', { zone: 'x' })]]))).not.toBe(before)
    expect(mergedSet(before, new Map([['a', init('a')]]))).toBe(before)
    expect(mergedSet(before, new Map([['b', undefined]]))).toBe(before)
  })
})
