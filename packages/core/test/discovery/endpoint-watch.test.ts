import { describe, expect, it } from 'vitest'
import type { Discovery } from '../../src/discovery/discovery.ts'
import { EndpointWatch } from '../../src/discovery/endpoint-watch.ts'
import { staticDiscovery } from '../../src/discovery/static.ts'
import { type EndpointSet, endpointSet } from '../../src/endpoint/endpoint-set.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { fakeDiscovery } from '../../src/testing/fake-discovery.ts'
import { settled } from '../support/settled.ts'

/** A watch of a fake discovery, unless another is given. */
function start(given: { discovery?: Discovery; startTimeoutMs?: number; maxWaiting?: number } = {}) {
  const clock = fakeClock()
  const discovery = fakeDiscovery()
  const changes: EndpointSet[] = []
  const failures: unknown[] = []
  const watch = new EndpointWatch(given.discovery ?? discovery, {
    startTimeoutMs: given.startTimeoutMs ?? 5_000,
    maxWaiting: given.maxWaiting ?? 3,
    clock,
    changed: (set) => changes.push(set),
    failed: (error) => failures.push(error),
  })
  return { clock, discovery, changes, failures, watch }
}

describe('EndpointWatch', () => {
  it('has the snapshot of a discovery that knows its endpoints as soon as it is made', async () => {
    const { watch, changes } = start({ discovery: staticDiscovery(['http://10.0.0.1:80']) })
    expect(watch.current?.endpoints).toHaveLength(1)
    expect(changes).toEqual([watch.current])
    expect(await watch.arrival(undefined)).toBe('known')
  })

  it('always holds the newest snapshot, and tells of each', () => {
    const { watch, discovery, changes } = start()
    expect(watch.current).toBeUndefined()
    discovery.emit(['http://10.0.0.1:80'])
    const first = watch.current
    discovery.emit(['http://10.0.0.1:80', 'http://10.0.0.2:80'])
    expect(watch.current?.endpoints).toHaveLength(2)
    expect(changes).toEqual([first, watch.current])
  })

  it('takes an empty first snapshot for one: no endpoint is an answer, too', async () => {
    const { watch, discovery } = start()
    const arrival = watch.arrival(undefined)
    discovery.emit([])
    expect(await arrival).toBe('known')
  })

  it('ends every wait with the first snapshot, and leaves no timer', async () => {
    const { watch, discovery, clock } = start()
    const arrivals = [watch.arrival(undefined), watch.arrival(undefined)]
    expect(clock.pending).toBe(2)
    discovery.emit(['http://10.0.0.1:80'])
    expect(await Promise.all(arrivals)).toEqual(['known', 'known'])
    expect(clock.pending).toBe(0)
  })

  it('waits as long as it was told to and not longer', async () => {
    const { watch, clock } = start({ startTimeoutMs: 5_000 })
    let seen: string | undefined
    const arrival = watch.arrival(undefined).then((end) => {
      seen = end
    })
    clock.advance(4_999)
    await settled()
    expect(seen).toBeUndefined()
    clock.advance(1)
    await arrival
    expect(seen).toBe('timeout')
    expect(clock.pending).toBe(0)
  })

  it('lets no more wait than it was told to, and lets others in when those have ended', async () => {
    const { watch, clock, discovery } = start({ maxWaiting: 2, startTimeoutMs: 10 })
    const first = [watch.arrival(undefined), watch.arrival(undefined)]
    expect(await watch.arrival(undefined)).toBe('queue-full')
    clock.advance(10)
    expect(await Promise.all(first)).toEqual(['timeout', 'timeout'])
    const later = watch.arrival(undefined)
    discovery.emit([])
    expect(await later).toBe('known')
  })

  it('lets nobody wait where 0 may', async () => {
    const { watch, clock } = start({ maxWaiting: 0 })
    expect(await watch.arrival(undefined)).toBe('queue-full')
    expect(clock.pending).toBe(0)
  })

  it('ends a wait whose request was aborted, and frees its place', async () => {
    const { watch, clock } = start({ maxWaiting: 1 })
    const request = new AbortController()
    const arrival = watch.arrival(request.signal)
    request.abort()
    expect(await arrival).toBe('aborted')
    expect(clock.pending).toBe(0)
    expect(await watch.arrival(AbortSignal.abort())).toBe('aborted')
    const next = watch.arrival(undefined)
    expect(clock.pending).toBe(1)
    await watch.close()
    expect(await next).toBe('closed')
  })

  it('keeps the last snapshot when the discovery gives up, and tells why', async () => {
    const { watch, discovery, failures } = start()
    discovery.emit(['http://10.0.0.1:80'])
    const error = new Error('forbidden')
    discovery.fail(error)
    await settled()
    expect(failures).toEqual([error])
    expect(watch.current?.endpoints).toHaveLength(1)
    await watch.close()
  })

  it('tells of a discovery that throws instead of rejecting', async () => {
    const error = new Error('no permission')
    const { watch, failures } = start({
      discovery: {
        watch() {
          throw error
        },
      },
    })
    await settled()
    expect(failures).toEqual([error])
    await watch.close()
  })

  it('ends the watch and every wait on close, once and for all', async () => {
    const { watch, discovery, clock } = start()
    const arrivals = [watch.arrival(undefined), watch.arrival(undefined)]
    expect(discovery.watches).toBe(1)
    await Promise.all([watch.close(), watch.close()])
    expect(await Promise.all(arrivals)).toEqual(['closed', 'closed'])
    expect(await watch.arrival(undefined)).toBe('closed')
    expect(discovery.watches).toBe(0)
    expect(clock.pending).toBe(0)
    await watch.close()
  })

  it('resolves close when the discovery has let go, not before', async () => {
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    const { watch } = start({ discovery: { watch: () => released } })
    let isClosed = false
    const closing = watch.close().then(() => {
      isClosed = true
    })
    await settled()
    expect(isClosed).toBe(false)
    release()
    await closing
    expect(isClosed).toBe(true)
  })

  it('does not take the end that it asked for as a failure', async () => {
    const { watch, failures } = start({
      discovery: {
        watch: (_listener, signal) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason))
          }),
      },
    })
    await watch.close()
    expect(failures).toEqual([])
  })

  it('ignores a discovery that talks on after close', async () => {
    let talk: (set: EndpointSet) => void = () => undefined
    const { watch, changes } = start({
      discovery: {
        watch(listener) {
          talk = listener
          return Promise.resolve()
        },
      },
    })
    await watch.close()
    talk(endpointSet(['http://10.0.0.1:80']))
    expect(changes).toEqual([])
    expect(watch.current).toBeUndefined()
  })
})
