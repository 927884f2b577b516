import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FakeClock, type FakeKubernetes, fakeClock, fakeKubernetes } from '../../../src/testing/index.ts'
import { asked, SLICES, slice, watching } from '../../support/asked-kubernetes.ts'

describe('a watch of the fake API server', () => {
  let api: FakeKubernetes
  let clock: FakeClock
  beforeEach(async () => {
    clock = fakeClock()
    api = await fakeKubernetes({ clock })
  })
  afterEach(async () => {
    await api.close()
    expect(clock.pending).toBe(0)
  })

  const remove = (name: string) => api.remove('EndpointSlice', 'shop', name)

  it('from a version tells every write since, and what follows', async () => {
    const start = api.put(slice('a'))
    const b = api.put(slice('b'))
    const a2 = api.put(slice('a', { changed: 'yes' }))
    const watch = await watching(api, { resourceVersion: start })
    const gone = remove('b')
    expect(await watch.next(3)).toEqual([`ADDED b@${b}`, `MODIFIED a@${a2}`, `DELETED b@${gone}`])
  })

  it('tells whole objects, with kind and apiVersion', async () => {
    const watch = await watching(api, { resourceVersion: api.resourceVersion })
    const version = api.put(slice('é-ø', { name: 'snø ☃' }))
    const [event] = await watch.events(1)
    expect(event.object).toMatchObject({
      ...slice('é-ø', { name: 'snø ☃' }),
      metadata: { resourceVersion: version },
    })
  })

  it('without a version, or with 0, begins with the state', async () => {
    const a = api.put(slice('a'))
    for (const query of [{}, { resourceVersion: '0' }] as const) {
      const watch = await watching(api, query)
      expect(await watch.next(1)).toEqual([`ADDED a@${a}`])
      watch.close()
    }
  })

  it('from a version to come keeps silent until then', async () => {
    const watch = await watching(api, { resourceVersion: Number(api.resourceVersion) + 1 })
    api.put(slice('a'))
    const b = api.put(slice('b'))
    expect(await watch.next(1)).toEqual([`ADDED b@${b}`])
  })

  it('sees only its namespace and resource', async () => {
    const watch = await watching(api, { resourceVersion: api.resourceVersion })
    const everywhere = await watching(
      api,
      { resourceVersion: api.resourceVersion },
      '/apis/discovery.k8s.io/v1/endpointslices',
    )
    api.put({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web-0', namespace: 'shop' } })
    const other = api.put(slice('other', {}, 'elsewhere'))
    const own = api.put(slice('own'))
    expect(await watch.next(1)).toEqual([`ADDED own@${own}`])
    expect(await everywhere.next(2)).toEqual([`ADDED other@${other}`, `ADDED own@${own}`])
  })

  it('sees objects come and go as they begin and cease to fit its selector', async () => {
    const start = api.put(slice('a'))
    const watch = await watching(api, { resourceVersion: start, labelSelector: 'app=web' })
    const fits = api.put(slice('a', { app: 'web' }))
    const still = api.put(slice('a', { app: 'web', more: 'yes' }))
    const not = api.put(slice('a', { app: 'db' }))
    remove('a')
    const end = api.put(slice('b', { app: 'web' }))
    const events = await watch.events(4)
    expect(events.map(({ type, object }) => `${type} ${object.metadata.resourceVersion}`)).toEqual([
      `ADDED ${fits}`,
      `MODIFIED ${still}`,
      `DELETED ${not}`,
      `ADDED ${end}`,
    ])
    // The deleted one is shown as it last fitted.
    expect(events[2].object.metadata.labels).toEqual({ app: 'web', more: 'yes' })
  })

  it('of one name sees that object alone', async () => {
    const watch = await watching(api, {
      resourceVersion: api.resourceVersion,
      fieldSelector: 'metadata.name=b',
    })
    api.put(slice('a'))
    const b = api.put(slice('b'))
    expect(await watch.next(1)).toEqual([`ADDED b@${b}`])
  })

  it('at the path of an object sees that one alone', async () => {
    const watch = await watching(api, { resourceVersion: api.resourceVersion }, `${SLICES}/b`)
    api.put(slice('a'))
    const b = api.put(slice('b'))
    expect(await watch.next(1)).toEqual([`ADDED b@${b}`])
  })

  it('shows an object with another uid as another object', async () => {
    const start = api.put(slice('a'))
    const watch = await watching(api, { resourceVersion: start })
    const { metadata, ...rest } = slice('a')
    const version = api.put({ ...rest, metadata: { ...metadata, uid: 'another' } })
    expect(await watch.next(2)).toEqual([`DELETED a@${Number(version) - 1}`, `ADDED a@${version}`])
  })

  it('is told as an event, after 200, that its version is compacted', async () => {
    const start = api.put(slice('a'))
    api.put(slice('b'))
    api.compact()
    const watch = await watching(api, { resourceVersion: start })
    const { events, error } = await watch.ended()
    expect(error).toBeUndefined()
    expect(events).toMatchObject([
      { type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } },
    ])
    expect(events[0].object.message).toBe(`too old resource version: ${start} (${api.resourceVersion})`)
    const present = await watching(api, { resourceVersion: api.resourceVersion })
    const c = api.put(slice('c'))
    expect(await present.next(1)).toEqual([`ADDED c@${c}`])
  })

  describe('with bookmarks', () => {
    it('is told its version every minute, and when the test wants', async () => {
      const watch = await watching(api, { resourceVersion: api.resourceVersion, allowWatchBookmarks: true })
      const none = await watching(api, { resourceVersion: api.resourceVersion })
      await api.watched(2)
      const other = api.put({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1' } })
      clock.advance(60_000)
      const [event] = await watch.events(1)
      expect(event).toEqual({
        type: 'BOOKMARK',
        object: {
          kind: 'EndpointSlice',
          apiVersion: 'discovery.k8s.io/v1',
          metadata: { resourceVersion: other, creationTimestamp: null },
          addressType: '',
          endpoints: null,
          ports: null,
        },
      })
      const second = api.put({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-2' } })
      api.bookmark()
      clock.advance(60_000)
      expect(await watch.next(2)).toEqual([`BOOKMARK @${second}`, `BOOKMARK @${second}`])
      const a = api.put(slice('a'))
      expect(await none.next(1)).toEqual([`ADDED a@${a}`])
    })

    it('is told its version two seconds before its time is up, and then ends in good order', async () => {
      const start = api.resourceVersion
      const watch = await watching(api, {
        resourceVersion: start,
        allowWatchBookmarks: 1,
        timeoutSeconds: 30,
      })
      await api.watched(1)
      clock.advance(27_999)
      expect(api.watchers).toBe(1)
      clock.advance(1)
      expect(await watch.next(1)).toEqual([`BOOKMARK @${start}`])
      clock.advance(2_000)
      expect(await watch.ended()).toEqual({ error: undefined, events: [], rest: '' })
      await api.watched(0)
    })
  })

  describe('with initial events', () => {
    const ALL = {
      sendInitialEvents: true,
      resourceVersionMatch: 'NotOlderThan',
      allowWatchBookmarks: true,
    } as const

    it('begins with the state, and a bookmark that says so', async () => {
      const a = api.put(slice('a'))
      const b = api.put(slice('b'))
      const watch = await watching(api, ALL)
      const events = await watch.events(3)
      expect(events.map(({ type, object }) => `${type} ${object.metadata.resourceVersion}`)).toEqual([
        `ADDED ${a}`,
        `ADDED ${b}`,
        `BOOKMARK ${b}`,
      ])
      expect(events[2].object.metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' })
      const c = api.put(slice('c'))
      api.bookmark()
      const [added, bookmark] = await watch.events(2)
      expect(added.object.metadata.resourceVersion).toBe(c)
      expect(bookmark.object.metadata).not.toHaveProperty('annotations')
    })

    it('says so of no object at all, of an old version, and of none', async () => {
      const old = api.put(slice('a'))
      const end = remove('a')
      for (const query of [{ ...ALL, resourceVersion: old }, { allowWatchBookmarks: true }]) {
        const watch = await watching(api, query)
        const [event] = await watch.events(1)
        expect(event.object.metadata).toMatchObject({
          resourceVersion: end,
          annotations: { 'k8s.io/initial-events-end': 'true' },
        })
        watch.close()
      }
    })

    it('shows no state when told so', async () => {
      api.put(slice('a'))
      const watch = await watching(api, { ...ALL, sendInitialEvents: false, resourceVersion: '' })
      const b = api.put(slice('b'))
      expect(await watch.next(1)).toEqual([`ADDED b@${b}`])
    })

    it('has an error of 504 for a version to come', async () => {
      const watch = await watching(api, { ...ALL, resourceVersion: Number(api.resourceVersion) + 9 })
      expect(await watch.next(1)).toEqual(['ERROR 504 Timeout'])
      await watch.ended()
    })

    const ask = (query: object) =>
      asked(api, `${SLICES}?watch=1&${new URLSearchParams(query as Record<string, string>)}`)

    it('is refused in the words of a server that has it turned off', async () => {
      api.setWatchList('refused')
      const { status, body } = await ask(ALL)
      expect(status).toBe(422)
      expect(body).toMatchObject({
        reason: 'Invalid',
        message:
          'ListOptions.meta.k8s.io "" is invalid: sendInitialEvents: Forbidden: sendInitialEvents is forbidden for watch unless ' +
          'the WatchList feature gate is enabled',
        details: {
          group: 'meta.k8s.io',
          kind: 'ListOptions',
          causes: [{ field: 'sendInitialEvents', reason: 'FieldValueForbidden' }],
        },
      })
      api.setWatchList('bad-request')
      expect((await ask(ALL)).status).toBe(400)
    })

    it('is ignored by servers that never heard of it: state, but no end of it', async () => {
      api.setWatchList('ignored')
      const a = api.put(slice('a'))
      const watch = await watching(api, ALL)
      const b = api.put(slice('b'))
      api.bookmark()
      const events = await watch.events(3)
      expect(events.map(({ type, object }) => `${type} ${object.metadata.resourceVersion}`)).toEqual([
        `ADDED ${a}`,
        `ADDED ${b}`,
        `BOOKMARK ${b}`,
      ])
      expect(events[2].object.metadata).not.toHaveProperty('annotations')
    })

    it.each([{ sendInitialEvents: 'true' }, { resourceVersionMatch: 'NotOlderThan' }])(
      'needs both of its parameters: %o',
      async (query) => {
        expect((await ask(query)).status).toBe(422)
      },
    )
  })
})
