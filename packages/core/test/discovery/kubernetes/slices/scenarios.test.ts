import { afterEach, describe, expect, it } from 'vitest'
import { preferZone } from '../../../../src/balance/prefer-zone.ts'
import { rendezvous } from '../../../../src/balance/rendezvous.ts'
import type {
  EndpointSlice,
  SliceEndpoint,
} from '../../../../src/discovery/kubernetes/slices/endpoint-slice.ts'
import type { SliceOptions } from '../../../../src/discovery/kubernetes/slices/slice-options.ts'
import type { EndpointSet } from '../../../../src/endpoint/endpoint-set.ts'
import type { Route } from '../../../../src/route/route.ts'
import { createSticky, type Sticky } from '../../../../src/sticky.ts'
import type { StickyOptions } from '../../../../src/sticky-options.ts'
import { memoryTable } from '../../../../src/table/memory.ts'
import { testKey } from '../../../support/pool.ts'
import { DRAINING, pod, slice, Web } from './support.ts'

const KEYS = Array.from({ length: 60 }, (_, index) => `key-${index}`)
const pools: Sticky[] = []

afterEach(async () => {
  for (const each of pools.splice(0)) await each.close()
})

/** A pool on Service `web`. */
class Gateway {
  readonly web: Web
  readonly sticky: Sticky
  /** What the pool was told last. */
  set: EndpointSet | undefined
  #emit: () => void = () => undefined

  constructor(
    slices: readonly EndpointSlice[],
    options: SliceOptions = {},
    more: Partial<StickyOptions> = {},
  ) {
    this.web = new Web(options, slices)
    const { clock } = this.web
    this.sticky = createSticky({
      key: testKey,
      clock,
      table: memoryTable({ clock }),
      ...more,
      endpoints: {
        watch: (listener, signal) => {
          listener(this.web.set)
          this.#emit = () => {
            const set = this.web.endpoints.take()
            if (!set) return
            this.set = set
            listener(set)
          }
          return new Promise((resolve) => signal.addEventListener('abort', () => resolve()))
        },
      },
    })
    pools.push(this.sticky)
  }

  put(...slices: readonly EndpointSlice[]): void {
    for (const each of slices) {
      this.web.put(each)
      this.#emit()
    }
  }

  advance(ms: number): void {
    this.web.clock.advance(ms)
    this.#emit()
  }

  /** Where each key goes, and why. */
  route(keys: readonly string[] = KEYS): Record<string, string> {
    return Object.fromEntries(
      keys.map((k) => {
        const route = this.sticky.route({ headers: { k } }, { lease: false }) as Route
        return [
          k,
          route.kind === 'refused'
            ? route.reason
            : `${route.kind} ${route.endpoint.identity} ${route.endpoint.host}`,
        ]
      }),
    )
  }
}

const three = [pod('web-0', '10.0.0.1'), pod('web-1', '10.0.0.2'), pod('web-2', '10.0.0.3')]

/** The routes of bound keys, after first ones. */
function bound(gateway: Gateway): Record<string, string> {
  gateway.route()
  return gateway.route()
}

describe('the keys of a Service', () => {
  it('stay when endpoints move between slices, removed first', () => {
    const gateway = new Gateway([slice('a', three)])
    const before = bound(gateway)
    gateway.put(slice('a', []))
    expect(gateway.route()).toEqual(before)
    gateway.advance(1_000)
    gateway.put(slice('b', three.slice(0, 2)), slice('c', three.slice(2)))
    gateway.advance(10_000)
    expect(gateway.route()).toEqual(before)
  })

  it('stay when all slices are written anew because the port has another number', () => {
    const gateway = new Gateway([slice('a', three.slice(0, 2)), slice('b', three.slice(2))])
    const before = bound(gateway)
    const ports = { ports: [{ name: 'http', port: 9090 }] }
    gateway.put(slice('a', three.slice(2), ports), slice('b', three.slice(0, 2), ports))
    expect(gateway.route()).toEqual(before)
    expect(gateway.set?.endpoints.map(({ port }) => port)).toEqual([9090, 9090, 9090])
  })

  it('follow a pod of a StatefulSet to its new address by name, and leave it by uid', () => {
    const restarted = {
      ...pod('web-1', '10.0.0.77'),
      targetRef: { kind: 'Pod', name: 'web-1', uid: 'second' },
    }
    const after = [three[0], restarted, three[2]] as SliceEndpoint[]
    const byName = new Gateway([slice('a', three)])
    const before = bound(byName)
    byName.put(slice('a', after))
    const moved = Object.entries(before).map(([key, route]) => [key, route.replace('10.0.0.2', '10.0.0.77')])
    expect(byName.route()).toEqual(Object.fromEntries(moved))

    const byUid = new Gateway([slice('a', three)], { identity: 'uid', moveGraceMs: 0 })
    const old = bound(byUid)
    byUid.put(slice('a', after))
    for (const [key, route] of Object.entries(byUid.route())) {
      expect(route.startsWith('moved'), key).toBe(old[key]?.startsWith('stuck uid-of-web-1'))
    }
  })

  it.each(['name', 'uid'] as const)(
    'never reach a pod that has got the address of theirs, by %s',
    (identity) => {
      const gateway = new Gateway([slice('a', [three[0] as SliceEndpoint])], { identity })
      bound(gateway)
      gateway.put(slice('a', [pod('web-9', '10.0.0.1')]))
      for (const route of Object.values(gateway.route())) expect(route).toMatch(/^moved .*web-9/)
    },
  )

  it('stay on a terminating pod that serves, which no new key joins', () => {
    const gateway = new Gateway([slice('a', three)])
    const before = bound(gateway)
    gateway.put(slice('a', [pod('web-0', '10.0.0.1', { conditions: DRAINING }), ...three.slice(1)]))
    expect(gateway.route()).toEqual(before)
    const fresh = KEYS.map((key) => `new-${key}`)
    for (const route of Object.values(gateway.route(fresh))) expect(route).not.toContain('web-0')
    gateway.put(slice('a', three.slice(1)))
    for (const [key, route] of Object.entries(gateway.route())) {
      expect(route.startsWith('moved'), key).toBe(before[key]?.includes('web-0'))
    }
  })

  it('are not moved by hints, which place new ones', () => {
    const zoned = (forZones: string) =>
      three.map((each, index) => ({
        ...each,
        zone: 'ab'[index % 2] as string,
        hints: { forZones: [{ name: forZones === '' ? ('ab'[index % 2] as string) : forZones }] },
      }))
    const gateway = new Gateway(
      [slice('a', three)],
      { hints: { zone: 'b' } },
      { placement: preferZone('b', rendezvous) },
    )
    const before = bound(gateway)
    gateway.put(slice('a', zoned('')))
    expect(gateway.route()).toEqual(before)
    for (const route of Object.values(gateway.route(['new-1', 'new-2', 'new-3', 'new-4']))) {
      expect(route).toBe('bound web-1 10.0.0.2')
    }
  })

  it('are served again when all pods were gone', () => {
    const gateway = new Gateway([slice('a', three)], { moveGraceMs: 0 })
    bound(gateway)
    gateway.put(slice('a', []))
    expect(gateway.route(['key-0'])).toEqual({ 'key-0': 'no-endpoints' })
    gateway.put(slice('a', three))
    expect(gateway.route(['key-0'])['key-0']).toMatch(/web-\d/)
  })
})
