import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FakeKubernetes, fakeKubernetes, pod, service } from '../../../src/testing/index.ts'
import { asked, SLICES, slice } from '../../support/asked-kubernetes.ts'

describe('a list of the fake API server', () => {
  let api: FakeKubernetes
  beforeEach(async () => {
    api = await fakeKubernetes()
  })
  afterEach(() => api.close())

  const names = async (path: string): Promise<string[]> => {
    const { body } = await asked(api, path)
    return body.items.map((item: { metadata: { name: string } }) => item.metadata.name)
  }

  it('is of one namespace or of all, in the order of names', async () => {
    for (const name of ['b', 'a']) api.put(slice(name))
    api.put(slice('c', {}, 'bar'))
    expect(await names(SLICES)).toEqual(['a', 'b'])
    expect(await names('/apis/discovery.k8s.io/v1/endpointslices')).toEqual(['c', 'a', 'b'])
  })

  it('serves core resources, and those outside of namespaces', async () => {
    api.put(pod({ name: 'web-0', namespace: 'shop' }))
    api.put({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1' } })
    api.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } })
    expect(await names('/api/v1/namespaces/shop/pods')).toEqual(['web-0'])
    expect(await names('/api/v1/nodes')).toEqual(['node-1'])
    expect((await asked(api, '/api/v1/namespaces/shop')).body.kind).toBe('Namespace')
    expect(await names('/api/v1/namespaces/shop/services')).toEqual([])
  })

  it('has items without kind and apiVersion, and the version of the newest write', async () => {
    api.put(slice('a'))
    const version = api.put(service({ name: 'web' }))
    const { status, headers, body } = await asked(api, SLICES)
    expect(status).toBe(200)
    expect(headers['content-type']).toBe('application/json')
    expect(body).toMatchObject({ kind: 'EndpointSliceList', apiVersion: 'discovery.k8s.io/v1' })
    expect(body.metadata).toEqual({ resourceVersion: version })
    expect(body.items[0]).not.toHaveProperty('kind')
    expect(body.items[0].metadata).toMatchObject({ uid: expect.any(String), namespace: 'shop' })
  })

  it('of a single object is that object, or 404', async () => {
    api.put(slice('a'))
    expect((await asked(api, `${SLICES}/a`)).body).toMatchObject({ kind: 'EndpointSlice' })
    const { status, body } = await asked(api, `${SLICES}/b`)
    expect(status).toBe(404)
    expect(body).toMatchObject({
      message: 'endpointslices.discovery.k8s.io "b" not found',
      details: { name: 'b', group: 'discovery.k8s.io', kind: 'endpointslices' },
    })
  })

  it.each([
    ['app=web', ['a', 'd']],
    ['app==web,tier=front', ['a']],
    ['app!=web', ['b', 'c']],
    ['app in (web, db)', ['a', 'b', 'd']],
    ['app notin (web,db)', ['c']],
    ['tier', ['a', 'b']],
    ['!tier', ['c', 'd']],
    ['tier in (front,back),app!=db', ['a']],
    ['kubernetes.io/service-name=x', []],
  ])('is cut down by the label selector %s', async (selector, expected) => {
    api.put(slice('a', { app: 'web', tier: 'front' }))
    api.put(slice('b', { app: 'db', tier: 'back' }))
    api.put(slice('c'))
    api.put(slice('d', { app: 'web' }))
    expect(await names(`${SLICES}?labelSelector=${encodeURIComponent(selector)}`)).toEqual(expected)
  })

  it.each([
    ['metadata.name=a', ['a']],
    ['metadata.name!=a', ['b']],
    ['metadata.name==a,metadata.namespace=shop', ['a']],
    ['metadata.namespace=other', []],
  ])('is cut down by the field selector %s', async (selector, expected) => {
    for (const name of ['a', 'b']) api.put(slice(name))
    expect(await names(`${SLICES}?fieldSelector=${encodeURIComponent(selector)}`)).toEqual(expected)
  })

  it.each([
    ['labelSelector=a=b=c', 400],
    ['labelSelector=(', 400],
    ['fieldSelector=spec.x=1', 400],
    ['fieldSelector=a', 400],
    ['limit=x', 400],
    ['resourceVersion=x', 400],
    ['continue=x', 400],
    ['resourceVersionMatch=Exact', 422],
    ['resourceVersionMatch=Exact&resourceVersion=0', 422],
    ['resourceVersionMatch=Sometimes&resourceVersion=1', 422],
    ['sendInitialEvents=true', 422],
  ])('is refused for ?%s', async (query, status) => {
    const answer = await asked(api, `${SLICES}?${query}`)
    expect(answer.status).toBe(status)
    expect(answer.body).toMatchObject({ kind: 'Status', status: 'Failure', code: status })
  })

  it.each([
    '/',
    '/api/v1',
    '/apis/discovery.k8s.io/v1beta1/namespaces/shop/endpointslices',
    '/api/v1/namespaces/shop/nodes',
    '/api/v1/pods/web-0',
    '/api/v1/namespaces/shop/pods/web-0/log',
    '/api/v1/namespaces//pods',
  ])('is not found at %s', async (path) => {
    const { status, body } = await asked(api, path)
    expect(status).toBe(404)
    expect(body.message).toBe('the server could not find the requested resource')
  })

  it('takes no other method, and speaks nothing but JSON', async () => {
    expect((await asked(api, SLICES, { method: 'DELETE' })).status).toBe(405)
    const authorization = `Bearer ${api.token}`
    const accepting = (accept: string) => asked(api, SLICES, { headers: { authorization, accept } })
    expect((await accepting('application/vnd.kubernetes.protobuf')).status).toBe(406)
    const mixed = 'application/vnd.kubernetes.protobuf;q=0.9, application/json;q=0.5'
    expect((await accepting(mixed)).status).toBe(200)
  })

  describe('in pages', () => {
    const page = async (query: string) => {
      const { status, body } = await asked(api, `${SLICES}?${query}`)
      return {
        status,
        names: body.items?.map((item: { metadata: { name: string } }) => item.metadata.name),
        token: body.metadata?.continue as string,
        left: body.metadata?.remainingItemCount,
        version: body.metadata?.resourceVersion,
        body,
      }
    }

    it('shows one state on all of them, whatever is written meanwhile', async () => {
      for (const name of ['a', 'b', 'c', 'd', 'e']) api.put(slice(name))
      const first = await page('limit=2')
      expect(first).toMatchObject({ names: ['a', 'b'], left: 3 })
      api.remove('EndpointSlice', 'shop', 'c')
      api.put(slice('aa'))
      api.put(slice('d', { changed: 'yes' }))
      const second = await page(`limit=2&continue=${first.token}`)
      expect(second).toMatchObject({ names: ['c', 'd'], left: 1, version: first.version })
      expect(second.body.items[1].metadata.labels).toEqual({})
      const third = await page(`limit=2&continue=${second.token}`)
      expect(third).toMatchObject({ names: ['e'], left: undefined, token: undefined, version: first.version })
      expect(await page('limit=9')).toMatchObject({ names: ['a', 'aa', 'b', 'd', 'e'], token: undefined })
    })

    it('tells no count beside a selector, and may end with an empty page', async () => {
      for (const name of ['a', 'b']) api.put(slice(name, { app: 'web' }))
      api.put(slice('c'))
      const first = await page('limit=2&labelSelector=app')
      expect(first).toMatchObject({ names: ['a', 'b'], left: undefined })
      expect(await page(`limit=2&labelSelector=app&continue=${first.token}`)).toMatchObject({
        names: [],
        token: undefined,
      })
    })

    it('is expired after a compaction, with a token that goes on in the present', async () => {
      for (const name of ['a', 'b', 'c']) api.put(slice(name))
      const first = await page('limit=1')
      api.remove('EndpointSlice', 'shop', 'b')
      api.compact()
      const gone = await page(`limit=1&continue=${first.token}`)
      expect(gone.status).toBe(410)
      expect(gone.body).toMatchObject({ reason: 'Expired', code: 410 })
      const rest = await page(`limit=1&continue=${gone.token}`)
      expect(rest).toMatchObject({ status: 200, names: ['c'], version: api.resourceVersion })
    })

    it('refuses a version beside a token, and knows no pages of "any" version', async () => {
      for (const name of ['a', 'b', 'c']) api.put(slice(name))
      const { token } = await page('limit=1')
      expect(await page(`limit=1&continue=${token}&resourceVersion=${api.resourceVersion}`)).toMatchObject({
        status: 400,
      })
      expect(await page('limit=1&resourceVersion=0')).toMatchObject({ names: ['a', 'b', 'c'] })
    })
  })

  describe('at a version', () => {
    it('is exact when asked so or when it has a limit, and else the newest', async () => {
      const old = api.put(slice('a'))
      api.put(slice('b'))
      const at = (more: string) => names(`${SLICES}?resourceVersion=${old}${more}`)
      expect(await at('')).toEqual(['a', 'b'])
      expect(await at('&resourceVersionMatch=NotOlderThan')).toEqual(['a', 'b'])
      expect(await at('&resourceVersionMatch=NotOlderThan&limit=5')).toEqual(['a', 'b'])
      expect(await at('&resourceVersionMatch=Exact')).toEqual(['a'])
      expect(await at('&limit=5')).toEqual(['a'])
      expect((await asked(api, `${SLICES}?resourceVersion=${old}&limit=5`)).body.metadata).toEqual({
        resourceVersion: old,
      })
    })

    it('is expired when that version is compacted', async () => {
      const old = api.put(slice('a'))
      const newest = api.put(slice('b'))
      api.compact()
      const exact = '&resourceVersionMatch=Exact'
      const { status, body } = await asked(api, `${SLICES}?resourceVersion=${old}${exact}`)
      expect([status, body.reason]).toEqual([410, 'Expired'])
      expect((await asked(api, `${SLICES}?resourceVersion=${newest}${exact}`)).status).toBe(200)
      expect((await asked(api, `${SLICES}?resourceVersion=${old}`)).status).toBe(200)
    })

    it('has 504 with its cause for a version to come', async () => {
      api.put(slice('a'))
      const future = Number(api.resourceVersion) + 1
      const { status, headers, body } = await asked(api, `${SLICES}?resourceVersion=${future}`)
      expect(status).toBe(504)
      expect(headers['retry-after']).toBe('1')
      expect(body.message).toBe(
        `Timeout: Too large resource version: ${future}, current: ${api.resourceVersion}`,
      )
      expect(body.details.causes).toEqual([
        { reason: 'ResourceVersionTooLarge', message: 'Too large resource version' },
      ])
    })
  })

  it('remembers a bounded history', async () => {
    await using small = await fakeKubernetes({ historyLimit: 3 })
    const versions = Array.from({ length: 9 }, (_, turn) => small.put(slice('a', { turn: `${turn}` })))
    const status = async (version: string | undefined) => {
      const query = `resourceVersion=${version}&resourceVersionMatch=Exact`
      return (await asked(small, `${SLICES}?${query}`)).status
    }
    expect(await status(versions.at(-3))).toBe(200)
    expect(await status(versions[0])).toBe(410)
  })
})
