import { describe, expect, it } from 'vitest'
import { endpointSlice, fakeKubernetes, pod, service } from '../../../src/testing/index.ts'
import { asked } from '../../support/asked-kubernetes.ts'

describe('put', () => {
  it('counts versions over all resources, and writes nothing for an equal object', async () => {
    await using api = await fakeKubernetes()
    const first = api.put(pod({ name: 'web-0' }))
    const second = api.put(service({ name: 'web' }))
    expect(Number(second)).toBe(Number(first) + 1)
    expect(api.put(pod({ name: 'web-0' }))).toBe(first)
    expect(api.resourceVersion).toBe(second)
  })

  it('gives an object a uid and a time that stay through updates', async () => {
    await using api = await fakeKubernetes()
    const read = async () => (await asked(api, '/api/v1/namespaces/default/configmaps/a')).body.metadata
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { a: '1' } }
    api.put(object)
    const made = await read()
    expect(made.uid).toMatch(/^[0-9a-f-]{36}$/)
    expect(made.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    const version = api.put({ ...object, data: { a: '2' } })
    expect(await read()).toEqual({ ...made, resourceVersion: version })
  })

  it('keeps what it was given, whatever becomes of that later', async () => {
    await using api = await fakeKubernetes()
    const labels = { app: 'web' }
    api.put(pod({ name: 'web-0', labels }))
    labels.app = 'changed'
    const { body } = await asked(api, '/api/v1/namespaces/default/pods/web-0')
    expect(body.metadata.labels).toEqual({ app: 'web' })
  })

  it('refuses a kind that it does not know, and serves one that it was told', async () => {
    const widget = {
      apiVersion: 'example.com/v1',
      kind: 'Widget',
      metadata: { name: 'a', namespace: 'shop' },
    }
    await using api = await fakeKubernetes()
    expect(() => api.put(widget)).toThrow(/example\.com\/v1 Widget/)
    await using other = await fakeKubernetes({
      resources: [
        { group: 'example.com', version: 'v1', kind: 'Widget', plural: 'widgets', namespaced: true },
      ],
    })
    other.put(widget)
    const { body } = await asked(other, '/apis/example.com/v1/namespaces/shop/widgets')
    expect(body).toMatchObject({ kind: 'WidgetList', items: [{ metadata: { name: 'a' } }] })
  })
})

describe('remove', () => {
  it('answers the version of the deletion, or undefined where there was nothing', async () => {
    await using api = await fakeKubernetes()
    api.put({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'node-1' } })
    expect(api.remove('Node', '', 'node-1')).toBe(api.resourceVersion)
    expect(api.remove('Node', '', 'node-1')).toBeUndefined()
  })
})

describe('endpointSlice', () => {
  it('makes what the controller writes', () => {
    const made = endpointSlice({
      service: 'web',
      name: 'web-x7k2p',
      namespace: 'shop',
      endpoints: [
        { pod: 'web-0', address: '10.0.0.1', node: 'node-1', zone: 'a', forZones: ['a'], hostname: 'web-0' },
        { pod: 'web-1', address: '10.0.0.2', terminating: true },
        { pod: 'web-2', address: '10.0.0.3', serving: false },
        { address: ['10.0.0.4', '10.0.0.5'], conditions: {} },
      ],
      ports: [{ port: 8080 }, { name: 'grpc', port: 9090, appProtocol: 'kubernetes.io/h2c' }],
    })
    expect(made.metadata).toMatchObject({
      namespace: 'shop',
      labels: { 'kubernetes.io/service-name': 'web' },
      ownerReferences: [
        { kind: 'Service', name: 'web', uid: service({ name: 'web', namespace: 'shop' }).metadata.uid },
      ],
    })
    expect(made.endpoints).toEqual([
      {
        addresses: ['10.0.0.1'],
        conditions: { ready: true, serving: true, terminating: false },
        hostname: 'web-0',
        nodeName: 'node-1',
        zone: 'a',
        hints: { forZones: [{ name: 'a' }] },
        targetRef: {
          kind: 'Pod',
          namespace: 'shop',
          name: 'web-0',
          uid: pod({ name: 'web-0', namespace: 'shop' }).metadata.uid,
        },
      },
      expect.objectContaining({ conditions: { ready: false, serving: true, terminating: true } }),
      expect.objectContaining({ conditions: { ready: false, serving: false, terminating: false } }),
      { addresses: ['10.0.0.4', '10.0.0.5'], conditions: {} },
    ])
    expect(made.ports).toEqual([
      { name: '', port: 8080, protocol: 'TCP' },
      { name: 'grpc', port: 9090, protocol: 'TCP', appProtocol: 'kubernetes.io/h2c' },
    ])
  })

  it('has null for no endpoints, as the API writes an empty list that is never left out', () => {
    expect(endpointSlice({ service: 'web' }).endpoints).toBeNull()
    expect(endpointSlice({ service: 'web', ports: [] }).ports).toBeNull()
  })

  it('answers the same for the same, and other uids for other names', () => {
    const [one, two] = [endpointSlice({ service: 'web' }), endpointSlice({ service: 'web' })]
    expect(one).toEqual(two)
    expect(endpointSlice({ service: 'api' }).metadata.uid).not.toBe(one.metadata.uid)
  })
})

describe('service', () => {
  it('has the defaults that the server fills in', () => {
    const plain = service({ name: 'web' })
    expect(plain.spec).toMatchObject({ sessionAffinity: 'None', selector: { app: 'web' } })
    expect(plain.spec).not.toHaveProperty('sessionAffinityConfig')
    const sticky = service({ name: 'web', sessionAffinity: 'ClientIP', clusterIP: 'None' })
    expect(sticky.spec).toMatchObject({
      clusterIPs: ['None'],
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 10_800 } },
    })
  })
})

describe('pod', () => {
  it('belongs to its StatefulSet by owner, labels and host name', () => {
    const made = pod({ name: 'web-1', statefulSet: 'web', ip: '10.0.0.7', ready: false, terminating: true })
    expect(made.metadata).toMatchObject({
      labels: { 'apps.kubernetes.io/pod-index': '1', 'statefulset.kubernetes.io/pod-name': 'web-1' },
      ownerReferences: [{ kind: 'StatefulSet', name: 'web' }],
      deletionTimestamp: expect.any(String),
    })
    expect(made.spec.hostname).toBe('web-1')
    expect(made.status.podIP).toBe('10.0.0.7')
    expect(made.status.conditions.find(({ type }) => type === 'Ready')?.status).toBe('False')
  })
})
