import { describe, expect, it } from 'vitest'
import { staticDiscovery } from '../../src/discovery/static.ts'
import type { EndpointSet } from '../../src/endpoint/endpoint-set.ts'
import { discoveryConformance } from '../../src/testing/discovery-conformance.ts'

discoveryConformance({
  registry: { describe, it },
  name: 'staticDiscovery',
  create: (endpoints) => {
    const discovery = staticDiscovery(endpoints)
    return { discovery, change: (next) => discovery.replace(next) }
  },
})

describe('staticDiscovery', () => {
  it('gives the first snapshot within watch()', () => {
    const sets: EndpointSet[] = []
    void staticDiscovery(['http://10.0.0.1:80']).watch((set) => sets.push(set), new AbortController().signal)
    expect(sets).toHaveLength(1)
  })

  it('keeps the old list when the new one is bad', () => {
    const discovery = staticDiscovery(['http://10.0.0.1:80'])
    const sets: EndpointSet[] = []
    void discovery.watch((set) => sets.push(set), new AbortController().signal)
    expect(() => discovery.replace(['http://10.0.0.2:80', 'nonsense'])).toThrow('endpoints[1]')
    expect(sets).toHaveLength(1)
    discovery.replace(['http://10.0.0.3:80'])
    expect(sets.at(-1)?.endpoints.map(({ host }) => host)).toEqual(['10.0.0.3'])
  })
})
