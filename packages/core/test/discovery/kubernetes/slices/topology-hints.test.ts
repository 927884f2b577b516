import { describe, expect, it } from 'vitest'
import { preferZone } from '../../../../src/balance/prefer-zone.ts'
import { rendezvous } from '../../../../src/balance/rendezvous.ts'
import type { SliceEndpoint } from '../../../../src/discovery/kubernetes/slices/endpoint-slice.ts'
import { pickContext } from '../../../support/pick-context.ts'
import { DRAINING, NOT_READY, pod, slice, Web } from './support.ts'

const HERE = { hints: { zone: 'a', node: 'node-1' } }

function hinted(
  name: string,
  zone: string,
  zones: string[],
  nodes: string[] = [],
  more: Partial<SliceEndpoint> = {},
) {
  const ordinal = Number(name.split('-')[1])
  const hints = {
    forZones: zones.map((each) => ({ name: each })),
    forNodes: nodes.map((each) => ({ name: each })),
  }
  return pod(name, `10.0.0.${ordinal + 1}`, { zone, hints, ...more })
}

function zonesOf(web: Web): (string | undefined)[] {
  return web.set.endpoints.map(({ zone }) => zone)
}

describe('hints', () => {
  it('are not looked at unless the gateway says where it is', () => {
    const web = new Web({}, [slice('x', [hinted('web-0', 'b', ['a'])])])
    expect(zonesOf(web)).toEqual(['b'])
  })

  it('for zones: an endpoint meant for this zone counts as in it, one of this zone meant for another does not', () => {
    const web = new Web(HERE, [
      slice('x', [
        hinted('web-0', 'a', ['a']),
        hinted('web-1', 'b', ['a', 'b']),
        hinted('web-2', 'a', ['c']),
        hinted('web-3', 'c', ['c']),
      ]),
    ])
    expect(zonesOf(web)).toEqual(['a', 'a', undefined, 'c'])
  })

  it('for nodes come before those for zones', () => {
    const web = new Web({ ...HERE, moveGraceMs: 0 }, [
      slice('x', [
        hinted('web-0', 'a', ['a'], ['node-1']),
        hinted('web-1', 'a', ['a'], ['node-2']),
        hinted('web-2', 'b', ['b'], ['node-3']),
      ]),
    ])
    expect(zonesOf(web)).toEqual(['a', undefined, 'b'])
    web.put(slice('x', [hinted('web-1', 'a', ['a'], ['node-2']), hinted('web-2', 'b', ['b'], ['node-3'])]))
    expect(zonesOf(web)).toEqual(['a', 'b'])
  })

  it('for nodes are nothing to a gateway that does not name its node', () => {
    const web = new Web({ hints: { zone: 'a' } }, [slice('x', [hinted('web-0', 'a', ['b'], ['node-1'])])])
    expect(zonesOf(web)).toEqual([undefined])
  })

  it('count only when every endpoint that takes new keys has one', () => {
    const bare = pod('web-1', '10.0.0.2', { zone: 'b' })
    const web = new Web(HERE, [slice('x', [hinted('web-0', 'a', ['a']), bare])])
    expect(zonesOf(web)).toEqual([undefined, 'b'])
    for (const conditions of [NOT_READY, DRAINING, { ready: true, serving: true, terminating: true }]) {
      web.put(slice('x', [hinted('web-0', 'a', ['a']), { ...bare, conditions }]))
      expect(zonesOf(web)).toEqual(['a', 'b'])
    }
  })

  it('count only when at least one is for here, of an endpoint that takes new keys', () => {
    const web = new Web(HERE, [slice('x', [hinted('web-0', 'a', ['b']), hinted('web-1', 'b', ['b'])])])
    expect(zonesOf(web)).toEqual([undefined, 'b'])
    web.put(
      slice('x', [hinted('web-0', 'a', ['a'], [], { conditions: NOT_READY }), hinted('web-1', 'b', ['b'])]),
    )
    expect(zonesOf(web)).toEqual([undefined, 'b'])
  })

  it('place new keys with preferZone, everywhere while no hint counts, and make no endpoint unusable', () => {
    const slices = (zones: string[]) => slice('x', [hinted('web-0', 'a', zones), hinted('web-1', 'b', ['b'])])
    const web = new Web(HERE, [slices(['a'])])
    const balancer = preferZone('a', rendezvous)
    const picked = () =>
      new Set(
        Array.from(
          { length: 50 },
          (_, index) => balancer.pick(web.set, pickContext({ key: `k${index}` }))?.identity,
        ),
      )
    expect([...picked()]).toEqual(['web-0'])
    expect(web.set.availability('web-1')).toEqual({ state: 'ready' })
    expect(web.get('web-1')?.weight).toBe(1)
    web.put(slices([]))
    expect([...picked()].sort()).toEqual(['web-0', 'web-1'])
  })

  it.each([
    [{ hints: {} }, 'kubernetes.hints.zone'],
    [{ hints: { zone: '' } }, 'kubernetes.hints.zone'],
    [{ hints: { zone: 'a', node: 5 } }, 'kubernetes.hints.node'],
    [{ hints: { zone: 'a', region: 'x' } }, 'kubernetes.hints.region'],
    [{ port: 0 }, 'kubernetes.port'],
    [{ port: 'Http' }, 'kubernetes.port'],
    [{ identity: 'ip' }, 'kubernetes.identity'],
    [{ ipFamily: 'ipv4' }, 'kubernetes.ipFamily'],
    [{ protocol: 'h2c' }, 'kubernetes.protocol'],
    [{ httpVersion: '3' }, 'kubernetes.httpVersion'],
    [{ weight: -1 }, 'kubernetes.weight'],
    [{ podWeight: 'a b' }, 'kubernetes.podWeight'],
    [{ podWeight: 5 }, 'kubernetes.podWeight'],
    [{ moveGraceMs: Number.POSITIVE_INFINITY }, 'kubernetes.moveGraceMs'],
  ])('and other options are checked: %j', (options, named) => {
    expect(() => new Web(options as never)).toThrow(`option "${named}"`)
  })
})
