import {
  createSticky,
  type EndpointInit,
  header,
  type Identity,
  memoryTable,
  type Route,
  type Sticky,
  type StickyOptions,
} from '../../src/index.ts'
import { type FakeClock, fakeClock } from '../../src/testing/fake-clock.ts'
import { type FakeDiscovery, fakeDiscovery } from '../../src/testing/fake-discovery.ts'
import { fakeRandom } from '../../src/testing/fake-random.ts'
import { type FakeRequestInit, fakeRequest } from '../../src/testing/fake-request.ts'

/** A gateway as its users see it: `createSticky`, a request, an answer; the pods are those that discovery tells of. */
export interface Replica {
  readonly sticky: Sticky
  readonly discovery: FakeDiscovery
  readonly clock: FakeClock
  /** Sends a request with this key and ends it: the pod that served, or `refused <reason>`. */
  send(key?: string | FakeRequestInit): Promise<Identity>
  route(key?: string | FakeRequestInit): Promise<Route>
}

type Options = Partial<Omit<StickyOptions, 'endpoints' | 'clock'>> & {
  readonly clock?: FakeClock
  readonly discovery?: FakeDiscovery
}

export function replica(endpoints: readonly EndpointInit[], options: Options = {}): Replica {
  const {
    clock = fakeClock(),
    discovery = fakeDiscovery(),
    table = memoryTable({ clock }),
    ...rest
  } = options
  discovery.emit(endpoints)
  const sticky = createSticky({
    key: header('x-session'),
    random: fakeRandom(),
    ...rest,
    endpoints: discovery,
    clock,
    table,
  })
  const route = async (key?: string | FakeRequestInit) =>
    sticky.route(fakeRequest(typeof key === 'string' ? { headers: { 'X-Session': key } } : key))
  return {
    sticky,
    discovery,
    clock,
    route,
    async send(key) {
      const given = await route(key)
      if (given.kind === 'refused') return `refused ${given.reason}`
      await given.settle({ status: 200 })
      given.done()
      return given.endpoint.identity
    },
  }
}

/** `web-1` at 10.0.0.1, and so on, as the pods of a StatefulSet. */
export function web(number: number, more: Partial<EndpointInit> = {}): EndpointInit {
  return { name: `web-${number}`, host: `10.0.0.${number}`, port: 8080, ...more }
}

export function webs(count: number): EndpointInit[] {
  return Array.from({ length: count }, (_, index) => web(index + 1))
}

export function keysNamed(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${index}`)
}

/** Where each key goes now. */
export async function homes({ send }: Replica, keys: readonly string[]): Promise<Map<string, Identity>> {
  const found = new Map<string, Identity>()
  for (const key of keys) found.set(key, await send(key))
  return found
}

/** Of those keys, the ones with this home. */
export function keysAt(found: ReadonlyMap<string, Identity>, identity: Identity): string[] {
  return [...found].filter(([, home]) => home === identity).map(([key]) => key)
}
