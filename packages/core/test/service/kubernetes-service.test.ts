import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { clusterApi } from '../../src/discovery/kubernetes/api/cluster-api.ts'
import { header } from '../../src/key/header.ts'
import { type KubernetesServiceOptions, kubernetesService } from '../../src/service/kubernetes-service.ts'
import { createSticky, type Sticky } from '../../src/sticky.ts'
import { memoryTable } from '../../src/table/memory.ts'
import { endpointSlice, type FakeKubernetes, fakeKubernetes, service } from '../../src/testing/index.ts'
import { hurriedClock } from '../support/hurried-clock.ts'
import { brief, served } from '../support/pool.ts'

const QUICK = { retryBaseMs: 1, retryMaxMs: 5, coalesceMs: 0 } as const

describe('kubernetesService()', () => {
  let server: FakeKubernetes
  const pools: Sticky[] = []
  beforeEach(async () => {
    server = await fakeKubernetes()
  })
  afterEach(async () => {
    for (const pool of pools.splice(0)) await pool.close()
    await server.close()
  })

  const putPods = (...names: string[]) =>
    server.put(
      endpointSlice({
        service: 'web',
        endpoints: names.map((name) => ({ address: `10.0.0.${name.split('-')[1]}`, pod: name })),
        ports: 8080,
      }),
    )
  const putService = (spec: object) => server.put(service({ name: 'web', ...spec }))

  function pool(options: Partial<KubernetesServiceOptions> = {}) {
    const { ca, token, url } = server
    const errors: string[] = []
    const sticky = createSticky({
      ...kubernetesService({
        service: 'web',
        namespace: 'default',
        api: clusterApi({ server: url, ca, token }),
        onError: ({ message }) => errors.push(message),
        ...QUICK,
        ...options,
      }),
    })
    pools.push(sticky)
    const from = async (remoteAddress: string, headers = {}) => {
      const route = await sticky.route({ headers, socket: { remoteAddress } })
      if (route.kind === 'refused') throw new Error(route.message)
      return route
    }
    return { sticky, from, errors }
  }

  it('binds the address of a client where the Service says ClientIP', async () => {
    putService({ sessionAffinity: 'ClientIP' })
    putPods('web-1', 'web-2', 'web-3')
    const { from } = pool()
    const first = await from('10.9.0.1')
    expect(first.kind).toBe('bound')
    for (let i = 0; i < 10; i++)
      expect(brief(await from('10.9.0.1'))).toBe(`stuck ${first.endpoint.identity}`)
  })

  it('knows no address where it says nothing, and follows the Service when it is edited', async () => {
    putService({})
    putPods('web-1', 'web-2', 'web-3')
    const { from } = pool()
    expect((await from('10.9.0.1')).kind).toBe('keyless')
    putService({ sessionAffinity: 'ClientIP', timeoutSeconds: 60 })
    await eventually(async () => expect((await from('10.9.0.1')).kind !== 'keyless').toBe(true))
    putService({})
    await eventually(async () => expect((await from('10.9.0.1')).kind === 'keyless').toBe(true))
  })

  it('serves without affinity where there is no such Service, and says so', async () => {
    putPods('web-1')
    const { from, errors } = pool()
    expect((await from('10.9.0.1')).kind).toBe('keyless')
    expect(errors).toEqual(['Service default/web: there is no such Service'])
  })

  it('keeps the affinity of a Service that is deleted, as long as it has endpoints', async () => {
    putService({ sessionAffinity: 'ClientIP' })
    putPods('web-1')
    const { from, errors } = pool()
    await from('10.9.0.1')
    server.remove('Service', 'default', 'web')
    await eventually(() => expect(errors.length > 0).toBe(true))
    expect((await from('10.9.0.1')).kind).toBe('stuck')
  })

  it('names the right that is missing, waits three seconds, and serves without affinity', async () => {
    putService({ sessionAffinity: 'ClientIP' })
    putPods('web-1')
    server.forbid({ resource: 'services' })
    const clock = hurriedClock(100)
    const { from, errors } = pool({ clock })
    expect((await from('10.9.0.1')).kind).toBe('keyless')
    expect(errors[0]).toMatch(/services/)
    expect(errors[0]).toMatch(/list|watch/)
  })

  it('asks for its own Service and slices, and for nothing else', async () => {
    putService({})
    putPods('web-1')
    await pool().from('10.9.0.1')
    const asked = new Set(server.requests.map(({ path }) => path))
    expect([...asked].sort()).toEqual([
      '/api/v1/namespaces/default/services',
      '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices',
    ])
    for (const { path, query } of server.requests) {
      if (path.endsWith('/services')) expect(query.fieldSelector).toBe('metadata.name=web')
    }
  })

  it('gives a restarted pod of a StatefulSet its clients back at its new address', async () => {
    putService({ sessionAffinity: 'ClientIP' })
    putPods('web-1')
    const { from, sticky } = pool()
    await from('10.9.0.1')
    server.put(
      endpointSlice({ service: 'web', endpoints: [{ address: '10.0.0.77', pod: 'web-1' }], ports: 8080 }),
    )
    await eventually(() => expect(sticky.endpoints?.get('web-1')?.host === '10.0.0.77').toBe(true))
    expect(brief(await from('10.9.0.1'))).toBe('stuck web-1')
  })

  it('ends every watch when its pool is closed', async () => {
    putService({})
    putPods('web-1')
    const { sticky, from } = pool()
    await from('10.9.0.1')
    await eventually(() => expect(server.watchers === 2).toBe(true))
    await sticky.close()
    await eventually(() => expect(server.watchers === 0).toBe(true))
  })

  it('takes a table and a key of its own', async () => {
    putService({ sessionAffinity: 'ClientIP', timeoutSeconds: 600 })
    putPods('web-1', 'web-2')
    const table = memoryTable({ idleTimeoutMs: 1_000 })
    const { from } = pool({ table, key: header('x-session') })
    const bound = served(await from('10.9.0.1', { 'x-session': 'a' }))
    expect(table.lookup('a')).toMatchObject({ identity: bound.endpoint.identity })
    const left = (table.lookup('a')?.expiresAt ?? 0) - Date.now()
    expect(left).toBeGreaterThan(500_000)
  })

  it('knows endpoints by address under strictKubeProxy', async () => {
    putService({ sessionAffinity: 'ClientIP' })
    putPods('web-1')
    const { from } = pool({ strictKubeProxy: true })
    expect((await from('10.9.0.1')).endpoint.identity).toBe('10.0.0.1:8080')
  })

  it.each([
    [{ strictKubeProxy: 'yes' }, 'kubernetesService.strictKubeProxy": expected true or false, got "yes"'],
    [{ key: 'x-session' }, 'kubernetesService.key": expected a KeySource'],
    [{ table: {} }, 'kubernetesService.table": expected a StickyTable'],
    [{ trustedProxies: ['x'] }, 'trustedProxies'],
    [
      { strictKubeProxy: true, identity: 'uid' },
      'kubernetesService.identity": expected nothing beside strictKubeProxy, got "uid"',
    ],
    [
      { strictKubeProxy: true, table: memoryTable() },
      'kubernetesService.table": expected nothing beside strictKubeProxy',
    ],
    [{ sessionAffinity: 'ClientIP' }, '"kubernetes.sessionAffinity" is unknown'],
  ])('refuses %j', (wrong, message) => {
    expect(() => pool(wrong as Partial<KubernetesServiceOptions>)).toThrow(message)
  })
})

/** Resolves when `assertion` holds. */
function eventually(assertion: () => unknown): Promise<unknown> {
  return vi.waitFor(assertion, { timeout: 20_000, interval: 2 })
}
