import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pod, slice, Web } from './support.ts'

const GOOD = pod('web-9', '10.0.0.9')
const GOOD_SHOWN = ['web-9 10.0.0.9:8080']

describe('a malformed endpoint', () => {
  it.each([
    ['endpoint', null, 'endpoints[0]: expected an object, got null'],
    ['endpoint', 'x', 'endpoints[0]: expected an object, got "x"'],
    ['addresses', {}, 'endpoints[0].addresses[0]: expected an IPv4 address, got undefined'],
    ['addresses', { addresses: [] }, 'endpoints[0].addresses[0]: expected an IPv4 address, got undefined'],
    ['addresses', { addresses: 'x' }, 'endpoints[0].addresses[0]: expected an IPv4 address, got undefined'],
    [
      'addresses',
      { addresses: ['fd00::1'] },
      'endpoints[0].addresses[0]: expected an IPv4 address, got "fd00::1"',
    ],
    [
      'addresses',
      { addresses: ['10.0.0.1\r\n'] },
      String.raw`endpoints[0].addresses[0]: expected an IPv4 address, got "10.0.0.1\r\n"`,
    ],
    [
      'conditions',
      { ...pod('a', '10.0.0.1'), conditions: 1 },
      'endpoints[0].conditions: expected an object, got 1',
    ],
    [
      'conditions',
      { ...pod('a', '10.0.0.1'), conditions: { serving: 'no' } },
      'endpoints[0].conditions.serving: expected true or false, got "no"',
    ],
    [
      'targetRef',
      { ...pod('a', '10.0.0.1'), targetRef: [] },
      'endpoints[0].targetRef: expected an object, got an array',
    ],
    [
      'name',
      { ...pod('a', '10.0.0.1'), targetRef: { kind: 'Pod', name: '10.0.0.1:80' } },
      'endpoints[0].targetRef.name: expected the name of a pod, got "10.0.0.1:80"',
    ],
    [
      'name',
      { ...pod('a', '10.0.0.1'), targetRef: { kind: 'Pod', name: 7 } },
      'endpoints[0].targetRef.name: expected the name of a pod, got 7',
    ],
    [
      'uid',
      { ...pod('a', '10.0.0.1'), targetRef: { kind: 'Pod', name: 'a', uid: 'a b' } },
      'endpoints[0].targetRef.uid: expected a uid, got "a b"',
    ],
  ])('is left out and told: %s %j', (_field, endpoint, fault) => {
    const web = new Web({}, [slice('a', [endpoint as never, GOOD])])
    expect(web.shown).toEqual(GOOD_SHOWN)
    expect(web.faults).toEqual([`EndpointSlice a: ${fault}`])
    expect(web.errors[0]?.code).toBe('invalid-endpoint')
  })

  it.each([
    [{ zone: 5 }, 'endpoints[0].zone: expected a string, got 5'],
    [{ hints: 'a' }, 'endpoints[0].hints: expected an object, got "a"'],
    [{ hints: { forZones: 'a' } }, 'endpoints[0].hints.forZones: expected a list, got "a"'],
    [
      { hints: { forNodes: [{ name: 5 }] } },
      'endpoints[0].hints.forNodes: expected a list of objects with a name, got an array',
    ],
  ])('is kept without what only advises: %j', (more, fault) => {
    const web = new Web({}, [slice('a', [pod('web-9', '10.0.0.9', more as never)])])
    expect(web.shown).toEqual(GOOD_SHOWN)
    expect(web.faults).toEqual([`EndpointSlice a: ${fault}`])
  })
})

describe('a malformed slice', () => {
  it.each([
    [{ endpoints: 'x' }, 'EndpointSlice a: endpoints: expected a list, got "x"'],
    [{ ports: 'x' }, 'EndpointSlice a: ports: expected a list, got "x"'],
    [{ addressType: 5 }, 'EndpointSlice a: addressType: expected IPv4 or IPv6, got 5'],
    [{ ports: [null, { name: 'p', port: 80 }], endpoints: [] }, undefined],
    [{ ports: [7, { name: 'p', port: 80 }] }, 'EndpointSlice a: ports[0]: expected an object, got 7'],
    [
      {
        ports: [
          { name: 7, port: 1 },
          { name: 'p', port: 80 },
        ],
      },
      'EndpointSlice a: ports[0].name: expected a string, got 7',
    ],
    [
      {
        ports: [
          { name: 'o', port: 70_000 },
          { name: 'p', port: 80 },
        ],
      },
      'EndpointSlice a: ports[0].port: expected an integer from 1 to 65535, got 70000',
    ],
  ])('is told, and the others are read: %j', (more, fault) => {
    const web = new Web({}, [slice('a', [pod('web-0', '10.0.0.1')], more as never), slice('b', [GOOD])])
    expect(web.shown).toContain(GOOD_SHOWN[0])
    expect(web.faults).toEqual(fault === undefined ? [] : [fault])
  })

  it('has at most 1 000 endpoints, as in Kubernetes', () => {
    const endpoints = Array.from({ length: 1_002 }, (_, index) =>
      pod(`p-${index}`, `10.1.${index >> 8}.${index & 255}`),
    )
    const web = new Web({}, [slice('a', endpoints)])
    expect(web.set.endpoints).toHaveLength(1_000)
    expect(web.faults).toEqual(['EndpointSlice a: endpoints: expected at most 1000, got 1002'])
  })

  it.each([
    null,
    undefined,
    5,
    'x',
    [],
    {},
    { metadata: null },
    { metadata: { name: 5 } },
    { metadata: { name: '' } },
  ])('without a name is nothing: %j', (item) => {
    const web = new Web({}, [item, slice('b', [GOOD])])
    web.put(item)
    web.endpoints.removed(item as never)
    expect(web.shown).toEqual(GOOD_SHOWN)
  })
})

describe('what is told', () => {
  const broken = slice('a', [{ ...GOOD, addresses: ['x'] }])

  it('is told once while it lasts, and again after it was mended', () => {
    const web = new Web({}, [broken])
    web.put(broken, broken)
    expect(web.faults).toHaveLength(1)
    web.put(slice('a', [GOOD]), broken)
    expect(web.faults).toHaveLength(2)
    web.remove('a').put(broken)
    expect(web.faults).toHaveLength(3)
    web.endpoints.replaced([])
    web.put(broken)
    expect(web.faults).toHaveLength(4)
  })

  it('is bounded for a slice that is all wrong', () => {
    const web = new Web({}, [
      slice(
        'a',
        Array.from({ length: 100 }, () => ({ addresses: [] })),
      ),
    ])
    expect(web.faults).toHaveLength(9)
    expect(web.faults[8]).toBe('EndpointSlice a: 92 more faults')
  })

  it('of a port that no slice has is told again only when no slice has that fault any more', () => {
    const other = { ports: [{ name: 'other', port: 1 }] }
    const [a, b] = [slice('a', [GOOD], other), slice('b', [GOOD], other)]
    const web = new Web({ port: 'http' }, [a, b])
    expect(web.faults).toHaveLength(1)
    web.remove('a').put(a)
    expect(web.faults).toHaveLength(1)
    web.remove('a').remove('b').put(b)
    expect(web.faults).toHaveLength(2)
  })
})

/** A well-formed slice in which any value, anywhere, is replaced by anything. */
const tainted = fc
  .record({
    path: fc.array(fc.nat(), { minLength: 1, maxLength: 6 }),
    value: fc.anything({ withNullPrototype: true }),
  })
  .map(({ path, value }) => {
    const whole = structuredClone(
      slice('a', [
        pod('web-0', '10.0.0.1', { conditions: { ready: true }, hints: { forZones: [{ name: 'z' }] } }),
      ]),
    ) as unknown as Record<string, unknown>
    let at = whole
    for (const step of path) {
      const keys = Object.keys(at)
      const key = keys[step % keys.length]
      if (key === undefined) break
      const inner = at[key]
      if (typeof inner !== 'object' || inner === null || step % 3 === 0) {
        at[key] = value
        break
      }
      at = inner as Record<string, unknown>
    }
    return whole
  })

it('nothing that comes from the network throws, and what is well-formed stays', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(tainted, fc.anything()), { maxLength: 5 }), (items) => {
      const web = new Web({ hints: { zone: 'z' }, moveGraceMs: 0 }, [...items, slice('good', [GOOD])])
      for (const item of items) web.put(item)
      expect(web.shown).toContain(GOOD_SHOWN[0])
      for (const item of items) web.endpoints.removed(item as never)
      expect(web.shown).toEqual(GOOD_SHOWN)
      for (const fault of web.faults) expect(fault.length).toBeLessThan(1_000)
    }),
    { numRuns: 500 },
  )
})
