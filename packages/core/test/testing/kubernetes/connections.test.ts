import { connect as connectTcp } from 'node:net'
import { connect } from 'node:tls'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FakeKubernetes, fakeKubernetes } from '../../../src/testing/index.ts'
import { asked, opened, SLICES, slice, watching } from '../../support/asked-kubernetes.ts'

describe('the connections of the fake API server', () => {
  let api: FakeKubernetes
  beforeEach(async () => {
    api = await fakeKubernetes()
  })
  afterEach(() => api.close())

  it('are TLS that its authority vouches for, and no other', async () => {
    await expect(asked(api, SLICES, { ca: [] })).rejects.toMatchObject({
      code: 'SELF_SIGNED_CERT_IN_CHAIN',
    })
  })

  it('listen on IPv6 when asked', async (context) => {
    const six = await fakeKubernetes({ host: '::1' }).catch(() => undefined)
    if (!six) return context.skip('no IPv6 here')
    await using server = six
    expect(server.url).toBe(`https://[::1]:${server.port}`)
    expect((await asked(server, SLICES)).status).toBe(200)
  })

  it('are refused while it is stopped, and come back on the same port with all objects', async () => {
    const version = api.put(slice('a'))
    const watch = await watching(api, { resourceVersion: version })
    await api.watched(1)
    await api.stop()
    expect((await watch.ended()).error).toMatchObject({ code: 'ECONNRESET' })
    expect([api.watchers, api.connections]).toEqual([0, 0])
    await expect(asked(api, SLICES)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    const b = api.put(slice('b'))
    await api.start()
    const again = await watching(api, { resourceVersion: version })
    expect(await again.next(1)).toEqual([`ADDED b@${b}`])
  })

  it.each(['end', 'gone', 'reset', 'cut'] as const)('of open watches are ended: %s', async (how) => {
    const watch = await watching(api, { resourceVersion: api.resourceVersion })
    await api.watched(1)
    api.endWatches(how)
    const { error, events } = await watch.ended()
    const isBroken = how === 'reset' || how === 'cut'
    expect(error === undefined).toBe(!isBroken)
    expect(events.map(({ type }) => type)).toEqual(how === 'gone' ? ['ERROR'] : [])
    await api.watched(0)
  })

  it('of open watches fall silent, those that match, and stay', async () => {
    const version = api.resourceVersion
    const silent = await watching(api, { resourceVersion: version })
    const pods = await watching(api, { resourceVersion: version }, '/api/v1/namespaces/shop/pods')
    await api.watched(2)
    api.endWatches('silent', { resource: 'endpointslices' })
    api.put(slice('a'))
    api.put({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web-0', namespace: 'shop' } })
    expect(await pods.next(1)).toHaveLength(1)
    expect(api.watchers).toBe(2)
    silent.close()
    await api.watched(1)
    await api.watched(0, { resource: 'endpointslices' })
    let isNone = false
    const none = api.watched(0).then(() => {
      isNone = true
    })
    await asked(api, SLICES)
    expect(isNone).toBe(false)
    pods.close()
    await none
    expect(await silent.next(1)).toEqual([])
  })

  it('of a watch that nobody reads are reset before they fill the memory', async () => {
    const watch = await opened(api, `${SLICES}?watch=1`)
    watch.on('error', () => undefined)
    const filler = 'x'.repeat(1_000_000)
    for (let turn = 0; turn < 50; turn++) {
      const { metadata, ...rest } = slice('a')
      api.put({ ...rest, metadata: { ...metadata, annotations: { turn: `${turn}`, filler } } })
    }
    await api.watched(0)
  })

  it('are logged with what they asked', async () => {
    await asked(api, `${SLICES}?limit=5&labelSelector=a%3Db`)
    await asked(api, '/nowhere')
    expect(api.requests).toMatchObject([
      {
        method: 'GET',
        path: SLICES,
        query: { limit: '5', labelSelector: 'a=b' },
        verb: 'list',
        resource: 'endpointslices',
        namespace: 'shop',
        name: undefined,
        headers: { authorization: `Bearer ${api.token}` },
      },
      { path: '/nowhere', resource: undefined },
    ])
    const second = api.requested(2, { verb: 'list', resource: 'endpointslices' })
    await asked(api, SLICES)
    expect((await second).query).toEqual({})
  })

  it('end with it, also those that never became TLS or stand in the middle', async () => {
    const raw = connect({ port: api.port, host: '127.0.0.1', ca: api.ca })
    raw.on('error', () => undefined)
    const half = new Promise((resolve) => raw.once('close', resolve))
    await new Promise((resolve) => raw.once('secureConnect', resolve))
    raw.write('GET / HT')
    const watch = await opened(api, `${SLICES}?watch=1`)
    watch.on('error', () => undefined)
    const bare = connectTcp({ port: api.port, host: '127.0.0.1' })
    bare.on('error', () => undefined)
    const never = new Promise((resolve) => bare.once('close', resolve))
    await new Promise((resolve) => bare.once('connect', resolve))
    const first = api.close()
    await Promise.all([first, api.close(), half, never])
    expect(api.connections).toBe(0)
    await api.close()
    await expect(api.start()).rejects.toMatchObject({ code: 'closed' })
    await expect(asked(api, SLICES)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  it.each([
    [{ port: 1 }, 'fakeKubernetes.port'],
    [{ host: '0.0.0.0' }, 'host'],
    [{ watchList: 'maybe' }, 'watchList'],
    [{ historyLimit: 0 }, 'historyLimit'],
    [{ bookmarkEveryMs: 0 }, 'bookmarkEveryMs'],
    [{ clock: {} }, 'clock'],
    [{ token: '' }, 'token'],
    [{ resources: [{}] }, 'resources'],
  ])('are not opened for the options %j', async (options, option) => {
    await expect(fakeKubernetes(options as never)).rejects.toThrow(`"${option}"`)
  })
})
