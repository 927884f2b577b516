import {
  CoreV1Api,
  DiscoveryV1Api,
  KubeConfig,
  type KubernetesObject,
  makeInformer,
  type V1EndpointSlice,
  Watch,
} from '@kubernetes/client-node'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FakeKubernetes, fakeKubernetes } from '../../../src/testing/index.ts'
import { SLICES, slice } from '../../support/asked-kubernetes.ts'

/**
 * The official client of the project, unchanged, reads the fake: what it takes for a list and a watch is one.
 */
describe('@kubernetes/client-node', () => {
  let api: FakeKubernetes
  let config: KubeConfig

  beforeEach(async () => {
    api = await fakeKubernetes()
    config = configOf(api)
  })
  afterEach(() => api.close())

  it('lists, page by page', async () => {
    for (const name of ['a', 'b', 'c']) api.put(slice(name, { app: name === 'b' ? 'other' : 'web' }))
    const client = config.makeApiClient(DiscoveryV1Api)
    const first = await client.listNamespacedEndpointSlice({ namespace: 'shop', limit: 2 })
    expect(first.items.map(({ metadata }) => metadata?.name)).toEqual(['a', 'b'])
    expect(first.metadata?.remainingItemCount).toBe(1)
    const second = await client.listNamespacedEndpointSlice({
      namespace: 'shop',
      limit: 2,
      _continue: first.metadata?._continue as string,
    })
    expect(second.items.map(({ metadata }) => metadata?.name)).toEqual(['c'])
    const selected = await client.listNamespacedEndpointSlice({
      namespace: 'shop',
      labelSelector: 'app in (web)',
    })
    expect(selected.items.map(({ metadata }) => metadata?.name)).toEqual(['a', 'c'])
    expect(selected.items[0]?.endpoints?.[0]?.addresses).toEqual(['10.0.0.1'])
  })

  it('reads one object, and is told of one that is not there', async () => {
    api.put(slice('a'))
    const client = config.makeApiClient(DiscoveryV1Api)
    const found = await client.readNamespacedEndpointSlice({ namespace: 'shop', name: 'a' })
    expect(found.metadata?.creationTimestamp).toBeInstanceOf(Date)
    await expect(client.readNamespacedEndpointSlice({ namespace: 'shop', name: 'z' })).rejects.toMatchObject({
      code: 404,
    })
    const core = config.makeApiClient(CoreV1Api)
    await expect(core.readNamespacedPod({ namespace: 'shop', name: 'z' })).rejects.toThrow(
      'pods \\\\\\"z\\\\\\" not found',
    )
  })

  it('is refused with a wrong token, and where RBAC forbids', async () => {
    const client = config.makeApiClient(DiscoveryV1Api)
    api.forbid({ verb: 'list', resource: 'endpointslices' })
    await expect(client.listNamespacedEndpointSlice({ namespace: 'shop' })).rejects.toMatchObject({
      code: 403,
    })
    api.setToken('another')
    await expect(client.listNamespacedEndpointSlice({ namespace: 'shop' })).rejects.toMatchObject({
      code: 401,
    })
  })

  it('authenticates with a client certificate', async () => {
    const client = configOf(api, 'certificate').makeApiClient(DiscoveryV1Api)
    expect((await client.listNamespacedEndpointSlice({ namespace: 'shop' })).items).toEqual([])
  })

  it('watches with Watch, bookmarks and initial events included', async () => {
    const version = api.put(slice('a'))
    const events: string[] = []
    let isOver: (error: unknown) => void = () => undefined
    const over = new Promise((resolve) => {
      isOver = resolve
    })
    await new Watch(config).watch(
      SLICES,
      {
        allowWatchBookmarks: true,
        sendInitialEvents: true,
        resourceVersionMatch: 'NotOlderThan',
        timeoutSeconds: 300,
      },
      (type: string, object: KubernetesObject) =>
        events.push(`${type} ${object.metadata?.name ?? object.metadata?.resourceVersion}`),
      (error: unknown) => isOver(error),
    )
    await api.watched(1)
    api.put(slice('b'))
    api.put(slice('b', { changed: 'yes' }))
    api.remove('EndpointSlice', 'shop', 'a')
    api.bookmark()
    const last = api.resourceVersion
    api.endWatches()
    expect(await over).toBeNull()
    expect(events).toEqual([
      'ADDED a',
      `BOOKMARK ${version}`,
      'ADDED b',
      'MODIFIED b',
      'DELETED a',
      `BOOKMARK ${last}`,
    ])
  })

  it('keeps an informer that follows changes and lists again after 410', async () => {
    api.put(slice('a'))
    const client = config.makeApiClient(DiscoveryV1Api)
    const informer = makeInformer<V1EndpointSlice>(config, SLICES, () =>
      client.listNamespacedEndpointSlice({ namespace: 'shop' }),
    )
    const events: string[] = []
    let changed: () => void = () => undefined
    for (const verb of ['add', 'update', 'delete'] as const) {
      informer.on(verb, (object) => {
        events.push(`${verb} ${object.metadata?.name}`)
        changed()
      })
    }
    const seen = (count: number) =>
      new Promise<void>((resolve) => {
        changed = () => events.length >= count && resolve()
        changed()
      })
    try {
      await informer.start()
      await api.watched(1)
      api.put(slice('b'))
      await seen(2)
      api.put(slice('b', { changed: 'yes' }))
      await seen(3)
      // It comes back with the version it knows, and that is gone by then.
      api.disturb({ kind: 'gone', as: 'event', on: { verb: 'watch' } })
      api.endWatches()
      api.remove('EndpointSlice', 'shop', 'a')
      await seen(4)
      expect(events).toEqual(['add a', 'add b', 'update b', 'delete a'])
    } finally {
      await informer.stop()
    }
  })
})

function configOf(api: FakeKubernetes, by: 'token' | 'certificate' = 'token'): KubeConfig {
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  const { cert, key } = api.clientCertificate
  const config = new KubeConfig()
  config.loadFromOptions({
    clusters: [{ name: 'fake', server: api.url, caData: base64(api.ca) }],
    users: [
      by === 'token'
        ? { name: 'gateway', token: api.token }
        : { name: 'gateway', certData: base64(cert), keyData: base64(key) },
    ],
    contexts: [{ name: 'fake', cluster: 'fake', user: 'gateway' }],
    currentContext: 'fake',
  })
  return config
}
