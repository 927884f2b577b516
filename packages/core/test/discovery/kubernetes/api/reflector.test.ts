import { afterEach, describe, expect, it } from 'vitest'
import type { CollectionSink } from '../../../../src/discovery/kubernetes/api/collection-sink.ts'
import { Reflector } from '../../../../src/discovery/kubernetes/api/reflector.ts'
import type { StickyError } from '../../../../src/error.ts'
import { fakeClock, fakeRandom } from '../../../../src/testing/index.ts'
import {
  bookmark,
  INITIAL_EVENTS_END,
  named,
  refusal,
  ScriptedApi,
  type ScriptedWatch,
} from '../../../support/scripted-api.ts'
import { settled } from '../../../support/settled.ts'

class Names implements CollectionSink {
  readonly held = new Map<string, string | undefined>()
  readonly calls: string[] = []
  replaced(items: Parameters<CollectionSink['replaced']>[0]): void {
    this.calls.push(`replaced ${items.length}`)
    this.held.clear()
    for (const { metadata } of items) this.held.set(metadata.name, metadata.resourceVersion)
  }
  put({ metadata }: Parameters<CollectionSink['put']>[0]): void {
    this.calls.push(`put ${metadata.name}`)
    this.held.set(metadata.name, metadata.resourceVersion)
  }
  removed({ metadata }: Parameters<CollectionSink['removed']>[0]): void {
    this.calls.push(`removed ${metadata.name}`)
    this.held.delete(metadata.name)
  }
}

let ends: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ends) await end()
  ends = []
})

/** A reflector on a scripted API, which refuses watch-lists unless told otherwise. */
async function started(
  { streams = false }: { streams?: boolean } = {},
  prepare?: (api: ScriptedApi) => void,
) {
  const api = new ScriptedApi()
  if (!streams) {
    api.onWatch = ({ sendInitialEvents }) => {
      if (sendInitialEvents) throw refusal(422, { reason: 'Invalid' })
    }
  }
  prepare?.(api)
  const clock = fakeClock()
  const sink = new Names()
  const errors: StickyError[] = []
  const reflector = new Reflector({
    api,
    collection: { group: 'discovery.k8s.io', version: 'v1', plural: 'endpointslices', namespace: 'shop' },
    sink,
    pageSize: 2,
    silenceMs: 180_000,
    retryBaseMs: 800,
    retryMaxMs: 30_000,
    clock,
    random: fakeRandom(),
    failed: (error) => errors.push(error),
  })
  const abort = new AbortController()
  const ended = reflector.run(abort.signal)
  ends.push(async () => {
    abort.abort()
    await ended
    expect(clock.pending).toBe(0)
    expect(api.open).toEqual([])
  })
  await settled()
  const advance = async (ms: number) => {
    clock.advance(ms)
    await settled()
  }
  const watch = () => api.open.at(-1) as ScriptedWatch
  return { api, clock, sink, errors, reflector, advance, watch }
}

const EXPIRED = { type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } } as const

describe('a reflector', () => {
  it('lists page by page, then watches from the version of the list', async () => {
    const { api, sink } = await started({}, (scripted) => {
      scripted.onList = ({ continue: next }) =>
        next === undefined
          ? { items: [named('a', '3'), named('b', '4')], resourceVersion: '7', continue: 'p2' }
          : { items: [named('c', '5')], resourceVersion: '7' }
    })
    expect(api.verbs).toEqual(['watch-list', 'list', 'list', 'watch'])
    expect(api.asked[2]?.query).toEqual({ limit: 2, continue: 'p2' })
    expect(api.asked[3]?.query).toMatchObject({ resourceVersion: '7', allowWatchBookmarks: true })
    expect([...sink.held.keys()]).toEqual(['a', 'b', 'c'])
  })

  it('lists all at once when the version of the pages expires under way', async () => {
    const { api, sink } = await started({}, (scripted) => {
      scripted.onList = ({ continue: next, limit }) => {
        if (next !== undefined) throw refusal(410, { reason: 'Expired' })
        if (limit === undefined) return { items: [named('a', '3'), named('z', '8')], resourceVersion: '9' }
        return { items: [named('a', '3')], resourceVersion: '7', continue: 'p2' }
      }
    })
    expect(api.verbs).toEqual(['watch-list', 'list', 'list', 'list', 'watch'])
    expect([...sink.held.keys()]).toEqual(['a', 'z'])
  })

  it('takes what is there from a watch-list where the server has one, without a list', async () => {
    const { api, sink, reflector, watch } = await started({ streams: true })
    expect(api.asked[0]?.query).toMatchObject({
      sendInitialEvents: true,
      resourceVersionMatch: 'NotOlderThan',
    })
    watch().send({ type: 'ADDED', object: named('a', '3') })
    watch().send({ type: 'ADDED', object: named('b', '4') })
    await settled()
    expect(sink.calls).toEqual([])
    expect(reflector.freshness.isCurrent).toBe(false)
    watch().send(bookmark('7', INITIAL_EVENTS_END))
    watch().send({ type: 'DELETED', object: named('a', '8') })
    await settled()
    expect(sink.calls).toEqual(['replaced 2', 'removed a'])
    expect(reflector.freshness.isCurrent).toBe(true)
    expect(api.verbs).toEqual(['watch-list'])
  })

  it('remembers that a server refuses watch-lists', async () => {
    const { api, watch, advance } = await started()
    await advance(20_000)
    watch().send(EXPIRED)
    await settled()
    await advance(5_000)
    expect(api.verbs).toEqual(['watch-list', 'list', 'watch', 'list', 'watch'])
  })

  it('lists where the initial events do not come to an end', async () => {
    const { api, watch, sink, advance } = await started({ streams: true })
    watch().send({ type: 'ADDED', object: named('a', '3') })
    await settled()
    await advance(30_001)
    expect(api.verbs).toEqual(['watch-list', 'list', 'watch'])
    expect(sink.calls).toEqual(['replaced 0'])
  })

  it('lists where changes come for ever in place of the end of the initial events', async () => {
    const { api, watch, sink, advance } = await started({ streams: true })
    for (let second = 0; second <= 60; second += 10) {
      if (api.verbs.length === 1) watch().send({ type: 'MODIFIED', object: named('a', `${second}`) })
      await settled()
      await advance(10_000)
    }
    expect(api.verbs).toEqual(['watch-list', 'list', 'watch'])
    expect(sink.calls).toEqual(['replaced 0'])
  })

  it('lists again when the server does not understand its version', async () => {
    const { api, sink, errors, watch, advance } = await started()
    watch().send({ type: 'ADDED', object: named('a', '3') })
    await settled()
    api.onList = () => ({ items: [named('b', 'x50')], resourceVersion: 'x51' })
    api.onWatch = ({ resourceVersion }) => {
      if (resourceVersion === '3') throw refusal(400, { message: 'invalid resource version' })
    }
    watch().end()
    for (let second = 0; second < 10; second++) await advance(1_000)
    expect([...sink.held.keys()]).toEqual(['b'])
    expect(errors.map(({ message }) => message)).toEqual([expect.stringContaining('answered 400')])
  })

  it('passes by an event that it cannot read, with a list, and not for a watch that is cut once', async () => {
    const { api, sink, watch, advance } = await started()
    watch().send({ type: 'ADDED', object: named('a', '3') })
    await settled()
    api.onList = () => ({ items: [named('b', '50')], resourceVersion: '51' })
    for (let time = 0; time < 3; time++) {
      expect([...sink.held.keys()]).toEqual(['a'])
      watch().fail(new Error('expected events of at most 8388608 bytes, got a longer one'))
      await settled()
      await advance(30_000)
    }
    expect([...sink.held.keys()]).toEqual(['a'])
    watch().fail(new Error('expected events of at most 8388608 bytes, got a longer one'))
    await settled()
    await advance(30_000)
    expect([...sink.held.keys()]).toEqual(['b'])
    expect(api.asked.at(-1)).toMatchObject({ query: { resourceVersion: '51' } })
  })

  it('drops the part of a watch-list that came before the connection broke', async () => {
    const { api, watch, sink, advance } = await started({ streams: true })
    watch().send({ type: 'ADDED', object: named('a', '3') })
    watch().fail(new Error('read ECONNRESET'))
    await settled()
    await advance(1_600)
    expect(api.verbs).toEqual(['watch-list', 'watch-list'])
    watch().send(bookmark('9', INITIAL_EVENTS_END))
    await settled()
    expect(sink.calls).toEqual(['replaced 0'])
  })

  it.each([
    ['as an event', (watch: ScriptedWatch) => watch.send(EXPIRED)],
    ['as a status', (watch: ScriptedWatch) => watch.fail(refusal(410, { reason: 'Gone' }))],
    [
      'as client-go 1.16 said it',
      (watch: ScriptedWatch) => watch.fail(refusal(504, { message: 'Too large resource version: 9' })),
    ],
    [
      'as a cause',
      (watch: ScriptedWatch) =>
        watch.send({
          type: 'ERROR',
          object: { kind: 'Status', code: 504, details: { causes: [{ reason: 'ResourceVersionTooLarge' }] } },
        }),
    ],
  ])('lists again when its version is of no use, told %s, and drops what has gone', async (_how, tell) => {
    const { api, sink, errors, watch, advance } = await started()
    watch().send({ type: 'ADDED', object: named('a', '3') })
    await settled()
    await advance(200_000)
    api.onList = () => ({ items: [named('b', '50')], resourceVersion: '51' })
    tell(watch())
    await settled()
    expect([...sink.held.keys()]).toEqual(['b'])
    expect(api.verbs.slice(-2)).toEqual(['list', 'watch'])
    expect(errors).toEqual([])
  })

  it('takes a watch up where it ended, at once if it lasted', async () => {
    const { api, watch, advance } = await started()
    watch().send({ type: 'ADDED', object: named('a', '3') })
    watch().send(bookmark('44'))
    await settled()
    await advance(15_000)
    watch().end()
    await settled()
    expect(api.asked.at(-1)).toMatchObject({ verb: 'watch', query: { resourceVersion: '44' } })
    expect(api.verbs).toEqual(['watch-list', 'list', 'watch', 'watch'])
  })

  it('does not storm a server that ends each watch at once', async () => {
    const { api, advance } = await started({}, (scripted) => {
      scripted.onWatch = () => {
        throw new Error('socket hang up')
      }
    })
    for (let second = 0; second < 600; second++) await advance(100)
    // 0.8, 1.6, 3.2, 6.4, 12.8 and 15 s, each up to its double: at most seven in the first minute.
    expect(api.asked.length).toBeLessThanOrEqual(9)
    expect(api.asked.length).toBeGreaterThanOrEqual(4)
  })

  it('does not storm a server whose every list has expired', async () => {
    const { api, advance, errors } = await started({}, (scripted) => {
      scripted.onWatch = () => {
        throw refusal(410)
      }
    })
    for (let second = 0; second < 600; second++) await advance(100)
    expect(api.asked.length).toBeLessThanOrEqual(18)
    // It may forget once; who does so time and again keeps a gateway from what it asks for, and that is told.
    expect(errors.length).toBeGreaterThanOrEqual(2)
    expect(errors[0]?.message).toContain('answered 410')
  })

  it('does not storm a server that was well and then calls all expired, its lists too', async () => {
    const { api, watch, advance } = await started()
    await advance(150_000)
    const expired = () => {
      throw refusal(410)
    }
    api.onList = expired
    api.onWatch = expired
    watch().fail(refusal(410))
    await settled()
    for (let tenth = 0; tenth < 600; tenth++) await advance(100)
    // The former three, one attempt at once and seven with their waits, each of two lists.
    expect(api.asked.length).toBeLessThanOrEqual(3 + 2 * 8)
  })

  it('waits as long as the server asks, within bounds', async () => {
    const { api, advance } = await started({}, (scripted) => {
      scripted.onList = () => {
        throw refusal(429, { details: { retryAfterSeconds: 50 } })
      }
    })
    await advance(49_900)
    expect(api.verbs).toEqual(['watch-list', 'list'])
    await advance(200)
    expect(api.verbs).toEqual(['watch-list', 'list', 'list'])
  })

  it('does not believe a server that asks for a day', async () => {
    const { api, advance } = await started({}, (scripted) => {
      scripted.onList = () => {
        throw refusal(503, { details: { retryAfterSeconds: 86_400 } })
      }
    })
    await advance(120_001)
    expect(api.verbs).toEqual(['watch-list', 'list', 'list'])
  })

  it('says which right is missing, and tries again', async () => {
    const { api, errors, advance } = await started({}, (scripted) => {
      scripted.onList = () => {
        throw refusal(403, { reason: 'Forbidden' })
      }
    })
    expect(errors[0]?.message).toContain(
      'not allowed to list endpointslices of the API group "discovery.k8s.io" in namespace "shop"',
    )
    expect(errors[0]?.message).toContain('the verbs list and watch')
    api.onList = () => ({ items: [], resourceVersion: '1' })
    await advance(1_600)
    expect(api.verbs.at(-1)).toBe('watch')
  })

  it('ends a watch that is silent though bookmarks come, and takes it up again', async () => {
    const { api, watch, errors, reflector, advance } = await started()
    watch().send(bookmark('44'))
    await settled()
    await advance(60_000)
    watch().send(bookmark('45'))
    await settled()
    await advance(179_000)
    expect(reflector.freshness.isCurrent).toBe(true)
    await advance(1_000)
    expect(errors.map(({ message }) => message)).toEqual([
      expect.stringContaining('nothing came for 180000 ms'),
    ])
    expect(api.asked.at(-1)).toMatchObject({ query: { resourceVersion: '45' } })
  })

  it('ends a watch that outlasts its own time, where no bookmarks come', async () => {
    const { api, watch, errors, advance } = await started()
    const { timeoutSeconds } = watch().query
    expect(timeoutSeconds).toBeGreaterThanOrEqual(300)
    expect(timeoutSeconds).toBeLessThan(600)
    await advance(timeoutSeconds * 1_000 + 29_000)
    expect(errors).toEqual([])
    await advance(1_000)
    expect(errors).toHaveLength(1)
    expect(api.verbs.slice(-2)).toEqual(['watch', 'watch'])
  })

  it('keeps what it has through an outage, and tells its age', async () => {
    const { api, clock, sink, reflector, watch, advance } = await started({}, (scripted) => {
      scripted.onList = () => ({ items: [named('a', '3')], resourceVersion: '7' })
    })
    await advance(60_000)
    const heardAt = clock.now()
    watch().send(bookmark('8'))
    await settled()
    api.onWatch = () => {
      throw new Error('connect ECONNREFUSED')
    }
    watch().fail(new Error('read ECONNRESET'))
    await settled()
    for (let minute = 0; minute < 20; minute++) await advance(30_000)
    expect(reflector.freshness).toEqual({ isCurrent: false, asOf: heardAt })
    expect([...sink.held.keys()]).toEqual(['a'])
    expect(sink.calls).toEqual(['replaced 1'])
    api.onWatch = () => undefined
    await advance(30_000)
    expect(reflector.freshness).toEqual({ isCurrent: true, asOf: clock.now() })
  })

  it('survives events that are none', async () => {
    const { api, watch, errors, advance } = await started()
    watch().send({ type: 'ADDED', object: undefined } as never)
    await settled()
    expect(errors).toHaveLength(1)
    await advance(1_600)
    expect(api.verbs.at(-1)).toBe('watch')
  })
})
