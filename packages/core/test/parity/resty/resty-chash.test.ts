import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StickyError } from '../../../src/error.ts'
import { nginxHash, type ParityScheme, type RestyNode, restyChash } from '../../../src/parity/index.ts'

const NODES = ['10.0.0.1:80', '10.0.0.2:80', '[fd00::1]:80']

function apisix(nodes: readonly { address: string; weight?: number }[]): ParityScheme<RestyNode> {
  return restyChash({ flavour: 'apisix', nodes, hashOn: 'header', key: 'X-Session' })
}

function ingress(nodes: readonly string[], upstreamHashBy = '$http_x_session'): ParityScheme<RestyNode> {
  return restyChash({
    flavour: 'ingress-nginx',
    nodes: nodes.map((address) => ({ address })),
    upstreamHashBy,
  })
}

function attempts(scheme: ParityScheme, bytes: Uint8Array): string[] {
  return Array.from(scheme.attempts(bytes), ({ name }) => name)
}

function textOf(scheme: ParityScheme, headers: Record<string, string>, remoteAddress = '10.9.9.9'): string {
  const key = scheme.key({ headers, socket: { remoteAddress }, url: '/a?b=c' })
  return Buffer.from(key as Uint8Array).toString('latin1')
}

/** Who owns each point, in order, the slow way. */
function owners(
  nodes: readonly { address: string; weight: number }[],
): { position: number; address: string }[] {
  const points = nodes.flatMap(({ address, weight }) => {
    const base = crc32(address.replaceAll(':', '\0'))
    const previous = Buffer.alloc(4)
    return Array.from({ length: 160 * weight }, () => {
      const position = crc32(previous, base)
      previous.writeUInt32LE(position)
      return { position, address }
    })
  })
  return points.sort((a, b) => a.position - b.position)
}

const nodes = fc
  .uniqueArray(fc.nat(255), { minLength: 2, maxLength: 8 })
  .chain((lasts) =>
    fc.tuple(
      ...lasts.map((last) =>
        fc.record({ address: fc.constant(`10.0.0.${last}:80`), weight: fc.integer({ min: 1, max: 4 }) }),
      ),
    ),
  )
const bytes = fc.uint8Array({ maxLength: 30 })

describe('restyChash', () => {
  it('walks in APISIX to each node once, in the order of their points', () => {
    fc.assert(
      fc.property(nodes, fc.integer({ min: 1, max: 5 }), bytes, (list, factor, key) => {
        const divisor = list.map(({ weight }) => weight).reduce(greatestDivisor)
        const points = owners(list.map(({ address, weight }) => ({ address, weight: weight / divisor })))
        const found = points.findIndex(({ position }) => position >= crc32(key))
        const first = Math.max(found, 0)
        const order = new Set(
          [...points.slice(first), ...points.slice(0, first)].map(({ address }) => address),
        )
        const scheme = apisix(list.map(({ address, weight }) => ({ address, weight: weight * factor })))
        expect(attempts(scheme, key)).toEqual([...order])
        expect(scheme.pick(key)?.name).toBe(attempts(scheme, key)[0])
      }),
    )
  })

  it('builds the ring of APISIX anew without nodes that are not healthy, with weights by their own divisor', () => {
    const list = [
      { address: '10.0.0.1:80', weight: 2 },
      { address: '10.0.0.2:80', weight: 4 },
      { address: '10.0.0.3:80', weight: 3 },
    ]
    const scheme = apisix(list).without(new Set(['10.0.0.3:80']))
    const rebuilt = apisix([
      { address: '10.0.0.1:80', weight: 1 },
      { address: '10.0.0.2:80', weight: 2 },
    ])
    expect(scheme.servers).toHaveLength(3)
    fc.assert(
      fc.property(bytes, (key) => {
        expect(attempts(scheme, key)).toEqual(attempts(rebuilt, key))
      }),
    )
  })

  it('takes all nodes of APISIX when none is healthy, and the only node in any case', () => {
    const list = [{ address: '10.0.0.1:80' }, { address: '10.0.0.2:80' }]
    const none = apisix(list).without(new Set(['10.0.0.1:80', '10.0.0.2:80']))
    const key = Buffer.from('k')
    expect(attempts(none, key)).toEqual(attempts(apisix(list), key))
    const only = apisix([{ address: '10.0.0.1:80' }])
    expect(attempts(only.without(new Set(['10.0.0.1:80'])), key)).toEqual(['10.0.0.1:80'])
  })

  it('tries in APISIX once for each node, so that one of weight 0 is a try of the last one more', () => {
    const list = [
      { address: '10.0.0.1:80' },
      { address: '10.0.0.2:80' },
      { address: '10.0.0.3:80', weight: 0 },
    ]
    const tried = attempts(apisix(list), Buffer.from('k'))
    expect(new Set(tried.slice(0, 2)).size).toBe(2)
    expect(tried[2]).toBe(tried[1])
    expect(tried).toHaveLength(3)
    const left = apisix(list).without(new Set(['10.0.0.1:80', '10.0.0.2:80']))
    expect(left.pick(Buffer.from('k'))).toBeUndefined()
    expect(attempts(left, Buffer.from('k'))).toEqual([])
  })

  it('agrees in APISIX with nginx, where weights have no divisor and no connection fails', () => {
    const list = [1, 2, 3, 4, 5].map((last) => ({ server: `10.0.0.${last}:80`, weight: last }))
    const scheme = apisix(list.map(({ server, weight }) => ({ address: server, weight })))
    const nginx = nginxHash({ servers: list, method: 'hash consistent', key: '$http_x_session' })
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 30 }), (key) => {
        expect(scheme.pick(key)?.name).toBe(nginx.pick(key)?.name)
      }),
    )
  })

  it('tries in ingress-nginx the same pod, and has a ring anew when pods go', () => {
    const scheme = ingress(NODES)
    const key = Buffer.from('k')
    expect(attempts(scheme, key)).toEqual([scheme.pick(key)?.name])
    const rest = NODES.filter((name) => name !== scheme.pick(key)?.name)
    const down = new Set([scheme.pick(key)?.name as string])
    fc.assert(
      fc.property(bytes, (one) => {
        expect(scheme.without(down).pick(one)?.name).toBe(ingress(rest).pick(one)?.name)
      }),
    )
    expect(scheme.without(new Set(NODES)).pick(key)).toBeUndefined()
    expect(attempts(scheme.without(new Set(NODES)), key)).toEqual([])
    expect(scheme.without(new Set(['elsewhere']))).toBe(scheme)
  })

  it('hashes in ingress-nginx what the annotation makes, the empty text too', () => {
    expect(textOf(ingress(NODES), { 'x-session': 'v' })).toBe('v')
    expect(textOf(ingress(NODES), {})).toBe('')
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of nginx
    const mixed = ingress(NODES, 'a\\$b-${http_x_a}$request_uri$\\-é')
    expect(textOf(mixed, { 'x-a': 'A' })).toBe(`a\\$b-A/a?b=c$-${Buffer.from('é').toString('latin1')}`)
    expect(mixed.keyHeaders).toEqual(['x-a'])
  })

  it('hashes in APISIX the address where the header is absent, and an empty one as it is', () => {
    expect(textOf(apisix([{ address: '10.0.0.1:80' }]), { 'x-session': 'v' })).toBe('v')
    expect(textOf(apisix([{ address: '10.0.0.1:80' }]), { 'x-session': '' })).toBe('')
    expect(textOf(apisix([{ address: '10.0.0.1:80' }]), {})).toBe('10.9.9.9')
    const byAddress = restyChash({ flavour: 'apisix', nodes: [{ address: '10.0.0.1:80' }] })
    expect(textOf(byAddress, {})).toBe('10.9.9.9')
  })

  it.each([
    [{ flavour: 'kong' }, /"restyChash.flavour": expected 'ingress-nginx' or 'apisix'/],
    [{ nodes: [] }, /"restyChash.nodes": expected a list of 1 to 10000 nodes/],
    [
      { nodes: [{ address: 'web:80' }] },
      /"restyChash.nodes\[0\].address": expected an IP address with its port/,
    ],
    [{ nodes: [{ address: '10.0.0.1' }] }, /nodes\[0\].address/],
    [{ nodes: [{ address: '10.0.0.1:65536' }] }, /nodes\[0\].address/],
    [
      { nodes: [{ address: '10.0.0.1:80' }, { address: '10.0.0.1:80' }] },
      /nodes\[1\].address": expected each address once/,
    ],
    [{ nodes: [{ address: '10.0.0.1:80', weight: -1 }] }, /nodes\[0\].weight/],
    [{ nodes: [{ address: '10.0.0.1:80', weight: 0 }] }, /expected a node with a weight above 0/],
    [
      { nodes: [{ address: '10.0.0.1:80', weight: 32_768 }, { address: '10.0.0.2:80' }] },
      /weights of at most 32768/,
    ],
    [{ hashOn: 'cookie' }, /"restyChash.hashOn": expected 'header' or 'vars'/],
    [
      { hashOn: 'vars', key: 'arg_x' },
      /"restyChash.key": cannot follow this variable; known are remote_addr/,
    ],
    [{ key: 'x y' }, /"restyChash.key": expected the name of a header/],
    [{ version: '' }, /"restyChash.version"/],
    [{ upstreamHashBy: '$http_x' }, /"restyChash.upstreamHashBy" is unknown/],
    [{ flavour: 'ingress-nginx', hashOn: undefined, key: undefined }, /is unknown/],
  ])('refuses %j', (options, message) => {
    const given = {
      flavour: 'apisix',
      nodes: [{ address: '10.0.0.1:80' }],
      hashOn: 'header',
      key: 'x',
      ...options,
    }
    expect(() => restyChash(given as never)).toThrow(StickyError)
    expect(() => restyChash(given as never)).toThrow(message)
  })

  it('refuses for ingress-nginx weights and variables that cannot be followed', () => {
    const given = {
      flavour: 'ingress-nginx',
      nodes: [{ address: '10.0.0.1:80' }],
      upstreamHashBy: '$http_x',
    } as const
    expect(() => restyChash({ ...given, nodes: [{ address: '10.0.0.1:80', weight: 2 }] })).toThrow(
      /"restyChash.nodes\[0\].weight" is unknown/,
    )
    expect(() => restyChash({ ...given, upstreamHashBy: '$service_name' })).toThrow(
      /"restyChash.upstreamHashBy": the variable/,
    )
    expect(() => restyChash({ ...given, upstreamHashBy: '' })).toThrow(/expected a text/)
    expect(() => restyChash(null as never)).toThrow(/"restyChash": expected an object/)
  })
})

function greatestDivisor(one: number, other: number): number {
  return other === 0 ? one : greatestDivisor(other, one % other)
}
