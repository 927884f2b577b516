import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { clusterApi } from '../../../src/discovery/kubernetes/api/cluster-api.ts'
import { kubernetes } from '../../../src/discovery/kubernetes/kubernetes.ts'
import {
  discoveryConformance,
  endpointSlice,
  type FakeKubernetes,
  fakeKubernetes,
  pod,
} from '../../../src/testing/index.ts'
import { hurriedClock } from '../../support/hurried-clock.ts'
import { until } from '../../support/until.ts'
import { Followed, QUICK, slice } from './support.ts'

const registry = { describe, it }

for (const watchList of ['served', 'refused', 'ignored'] as const) {
  discoveryConformance({
    registry,
    name: `kubernetes() where watch-list is ${watchList}`,
    create: async (endpoints) => {
      const server = await fakeKubernetes({ watchList })
      const change = (list: typeof endpoints) => {
        server.put(
          endpointSlice({
            service: 'web',
            endpoints: list.map(({ name = '', host = '' }) => ({ address: host, pod: name })),
            ports: 8080,
          }),
        )
      }
      change(endpoints)
      // Fake servers that ignore watch-list leave the reader to find out, after 30 s.
      const clock = watchList === 'ignored' ? hurriedClock(100) : undefined
      const { ca, token, url } = server
      return {
        discovery: kubernetes({
          service: 'web',
          namespace: 'default',
          api: clusterApi({ server: url, ca, token }),
          ...QUICK,
          ...(clock && { clock }),
        }),
        change,
        close: () => server.close(),
      }
    },
  })
}

describe('kubernetes()', () => {
  let server: FakeKubernetes
  let follows: Followed[] = []
  const follow = (
    ...options: ConstructorParameters<typeof Followed> extends [unknown, ...infer Rest] ? Rest : never
  ) => {
    const followed = new Followed(server, ...options)
    follows.push(followed)
    return followed
  }
  beforeEach(async () => {
    server = await fakeKubernetes()
    server.put(slice('web-a', { 'web-0': 1, 'web-1': 2 }))
  })
  afterEach(async () => {
    for (const followed of follows) await followed.end()
    follows = []
    await server.close()
  })

  it('joins all slices of the Service, and no others', async () => {
    server.put(slice('web-b', { 'web-2': 3 }))
    server.put(endpointSlice({ service: 'other', endpoints: [{ address: '10.0.0.9', pod: 'other-0' }] }))
    const web = follow()
    await web.knows('web-0', 'web-1', 'web-2')
    expect(server.requests[0]?.query).toMatchObject({ labelSelector: 'kubernetes.io/service-name=web' })
  })

  it('makes one snapshot of changes that come together', async () => {
    const web = follow()
    await web.knows('web-0', 'web-1')
    for (let index = 0; index < 200; index++)
      server.put(slice(`web-x${index}`, { [`web-x${index}`]: index + 10 }))
    await until(() => (web.names.length === 202 ? true : undefined), '202 endpoints')
    expect(web.sets.length).toBeLessThan(60)
  })

  it('says which right is missing, and goes on once it is given', async () => {
    const allow = server.forbid({ resource: 'endpointslices' })
    const web = follow()
    const { code, message } = await web.failed()
    expect(code).toBe('kubernetes')
    expect(message).toContain(
      'not allowed to watch endpointslices of the API group "discovery.k8s.io" in namespace "default"',
    )
    allow()
    await web.knows('web-0', 'web-1')
  })

  it('keeps what it knows while the server is away, tells its age, and catches up', async () => {
    const web = follow()
    await web.knows('web-0', 'web-1')
    expect(web.discovery.freshness.isCurrent).toBe(true)
    const { asOf } = web.discovery.freshness
    await server.stop()
    await web.failed(3)
    expect(web.names).toEqual(['web-0', 'web-1'])
    expect(web.discovery.freshness.isCurrent).toBe(false)
    expect(web.asOf.at(-1)).toBeGreaterThanOrEqual(asOf as number)
    server.put(slice('web-a', { 'web-1': 2 }))
    server.compact()
    await server.start()
    await web.knows('web-1')
    expect(web.discovery.freshness.isCurrent).toBe(true)
  })

  it('weighs endpoints by an annotation of their pods, from the first snapshot on', async () => {
    server.put(pod({ name: 'web-0', annotations: { 'limpet.dev/weight': '7' } }))
    server.put(pod({ name: 'web-1' }))
    const web = follow({ podWeight: 'limpet.dev/weight' })
    await web.knows('web-0', 'web-1')
    expect(web.sets[0]?.weightOf('web-0')).toBe(7)
    server.put(pod({ name: 'web-0', annotations: { 'limpet.dev/weight': '3' } }))
    await until(() => (web.sets.at(-1)?.weightOf('web-0') === 3 ? true : undefined), 'weight 3')
  })

  it('serves without weights where pods may not be read', async () => {
    server.forbid({ resource: 'pods' })
    const web = follow({ podWeight: 'limpet.dev/weight' })
    await web.knows('web-0', 'web-1')
    expect(web.errors[0]?.message).toContain('pods of the core API group')
  })

  it('lets endpoints that vanished go after their time, though nothing else happens', async () => {
    const web = follow({ moveGraceMs: 50 })
    await web.knows('web-0', 'web-1')
    server.remove('EndpointSlice', 'default', 'web-a')
    await web.knows()
  })

  it('rejects with what its listener throws, with the watch closed', async () => {
    const { ca, token, url } = server
    const api = clusterApi({ server: url, ca, token })
    const discovery = kubernetes({ service: 'web', namespace: 'default', api, ...QUICK })
    const broken = new Error('listener')
    const throwing = () => {
      throw broken
    }
    await expect(discovery.watch(throwing, new AbortController().signal)).rejects.toBe(broken)
    await server.watched(0)
  })

  it('closes its connections when it ends', async () => {
    const web = follow()
    await web.knows('web-0', 'web-1')
    await web.end()
    await until(() => (server.connections === 0 ? true : undefined), 'no connection')
  })

  it.each([
    [{ service: 'Web' }, 'kubernetes.service'],
    [{ namespace: 'a/b' }, 'kubernetes.namespace'],
    [{ namespace: undefined }, 'kubernetes.namespace'],
    [{ coalesceMs: 1_001 }, 'kubernetes.coalesceMs'],
    [{ pageSize: 0 }, 'kubernetes.pageSize'],
    [{ silenceMs: 0 }, 'kubernetes.silenceMs'],
    [{ retryMaxMs: 10 }, 'kubernetes.retryMaxMs'],
    [{ api: {} }, 'kubernetes.api'],
    [{ selector: 'x' }, 'kubernetes.selector'],
    [{ port: 0 }, 'kubernetes.port'],
  ])('refuses %o', (options, named) => {
    const { ca, token, url } = server
    const api = clusterApi({ server: url, ca, token })
    const given = { service: 'web', namespace: 'default', api, ...options }
    expect(() => kubernetes(given as never)).toThrow(`"${named}"`)
  })
})
