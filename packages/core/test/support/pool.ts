import { expect } from 'vitest'
import type { EndpointInit, Identity } from '../../src/endpoint/endpoint.ts'
import type { KeySource } from '../../src/key/key-source.ts'
import { isPromise, type MaybePromise } from '../../src/maybe-promise.ts'
import type { RefusedRoute, Route, ServedRoute } from '../../src/route/route.ts'
import type { RouteOptions } from '../../src/route/routing.ts'
import { createSticky, type Sticky } from '../../src/sticky.ts'
import type { StickyOptions } from '../../src/sticky-options.ts'
import { memoryTable } from '../../src/table/memory.ts'
import type { StickyTable } from '../../src/table/sticky-table.ts'
import { type FakeClock, fakeClock } from '../../src/testing/fake-clock.ts'
import { type FakeDiscovery, fakeDiscovery } from '../../src/testing/fake-discovery.ts'
import { fakeRandom } from '../../src/testing/fake-random.ts'

/** The key of a test request is its header `k`, as it stands, the empty one included. */
export const testKey: KeySource = {
  name: 'test key',
  read: ({ headers }) => (headers as { readonly k?: string }).k,
}

/** `pod-1` at 10.0.0.1, and so on. */
export function pod(number: number, more: Partial<EndpointInit> = {}): EndpointInit {
  return { name: `pod-${number}`, host: `10.0.0.${number}`, port: 80, ...more }
}

export function pods(count: number): EndpointInit[] {
  return Array.from({ length: count }, (_, index) => pod(index + 1))
}

export const DRAINING = { conditions: { ready: false, serving: true, terminating: true } } as const
export const NOT_READY = { conditions: { ready: false, serving: false } } as const
export const TERMINATED = { conditions: { ready: false, serving: false, terminating: true } } as const

/** What a connection failed with. */
export const REFUSED: Error = new Error('ECONNREFUSED')

export interface TestPool {
  readonly sticky: Sticky
  readonly discovery: FakeDiscovery
  readonly clock: FakeClock
  readonly table: StickyTable
  /** The route of a request with this key. */
  route(key?: string, options?: RouteOptions): MaybePromise<Route>
}

/** A pool with fake time, randomness and discovery. With `endpoints` its discovery has its first snapshot from the start. */
export function pool(
  options: Partial<Omit<StickyOptions, 'endpoints' | 'clock'>> & {
    endpoints?: readonly EndpointInit[]
    clock?: FakeClock
  } = {},
): TestPool {
  const { endpoints, clock = fakeClock(), table = memoryTable({ clock }), ...rest } = options
  const discovery = fakeDiscovery()
  if (endpoints) discovery.emit(endpoints)
  const sticky = createSticky({
    key: testKey,
    random: fakeRandom(),
    ...rest,
    clock,
    table,
    endpoints: discovery,
  })
  const route = (key?: string, given?: RouteOptions) =>
    sticky.route({ headers: key === undefined ? {} : { k: key } }, given)
  return { sticky, discovery, clock, table, route }
}

/** A route that was answered at once, with an endpoint. */
export function served(route: MaybePromise<Route>): ServedRoute {
  if (isPromise(route)) expect.unreachable('the route was not answered at once')
  if (route.kind === 'refused') expect.unreachable(`refused: ${route.reason}: ${route.message}`)
  return route
}

/** A route that was answered at once, without an endpoint. */
export function refused(route: MaybePromise<Route>): RefusedRoute {
  if (isPromise(route)) expect.unreachable('the route was not answered at once')
  if (route.kind !== 'refused') expect.unreachable(`not refused: ${route.explain()}`)
  return route
}

/** `stuck pod-1`, `refused lost`. */
export function brief(route: Route): string {
  return route.kind === 'refused' ? `refused ${route.reason}` : `${route.kind} ${route.endpoint.identity}`
}

/** Where a key is bound, without a use of it that a test would notice. */
export async function boundTo(table: StickyTable, key: string): Promise<Identity | undefined> {
  return (await table.lookup(key))?.identity
}
