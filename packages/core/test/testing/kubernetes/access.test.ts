import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FakeKubernetes, fakeKubernetes } from '../../../src/testing/index.ts'
import { asked, SLICES, watching } from '../../support/asked-kubernetes.ts'

describe('who may ask the fake API server', () => {
  let api: FakeKubernetes
  beforeEach(async () => {
    api = await fakeKubernetes({ token: 'first' })
  })
  afterEach(() => api.close())

  const withHeader = (authorization: string) => asked(api, SLICES, { headers: { authorization } })

  it('is who has the token, and 401 who has another', async () => {
    expect((await withHeader('Bearer first')).status).toBe(200)
    const { status, body } = await withHeader('Bearer other')
    expect(status).toBe(401)
    expect(body).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'Unauthorized',
      reason: 'Unauthorized',
      code: 401,
    })
    expect((await withHeader('Basic first')).status).toBe(401)
  })

  it('is told the old token no longer, while an open watch stays', async () => {
    const watch = await watching(api)
    api.setToken('second')
    expect((await withHeader('Bearer first')).status).toBe(401)
    expect((await withHeader('Bearer second')).status).toBe(200)
    expect(api.watchers).toBe(1)
    watch.close()
  })

  it('is nobody without a token, which RBAC forbids everything', async () => {
    const { status, body } = await asked(api, SLICES, { headers: {} })
    expect(status).toBe(403)
    expect(body.message).toContain('User "system:anonymous" cannot list resource')
  })

  it('is who has the client certificate', async () => {
    const { status } = await asked(api, SLICES, { headers: {}, ...api.clientCertificate })
    expect(status).toBe(200)
    api.forbid({})
    const { body } = await asked(api, SLICES, { headers: {}, ...api.clientCertificate })
    expect(body.message).toContain('User "gateway" cannot list')
  })

  it('is told what RBAC forbids, in the words of the real server', async () => {
    const allow = api.forbid({ verb: 'list', resource: 'endpointslices' })
    const { status, body } = await asked(api, SLICES)
    expect(status).toBe(403)
    expect(body).toMatchObject({
      reason: 'Forbidden',
      message:
        'endpointslices.discovery.k8s.io is forbidden: User "system:serviceaccount:default:gateway" cannot list resource ' +
        '"endpointslices" in API group "discovery.k8s.io" in the namespace "shop"',
      details: { group: 'discovery.k8s.io', kind: 'endpointslices' },
    })
    const everywhere = await asked(api, '/apis/discovery.k8s.io/v1/endpointslices')
    expect(everywhere.body.message).toMatch(/at the cluster scope$/)
    allow()
    expect((await asked(api, SLICES)).status).toBe(200)
  })

  it('is forbidden by verb, resource and namespace', async () => {
    api.forbid({ verb: 'watch' })
    api.forbid({ resource: 'pods', namespace: 'shop' })
    const status = async (path: string) => (await asked(api, path)).status
    expect(await status(SLICES)).toBe(200)
    expect(await status(`${SLICES}?watch=1`)).toBe(403)
    expect(await status('/api/v1/namespaces/shop/pods')).toBe(403)
    expect(await status('/api/v1/namespaces/shop/pods/web-0')).toBe(403)
    expect(await status('/api/v1/namespaces/default/pods')).toBe(200)
  })
})
