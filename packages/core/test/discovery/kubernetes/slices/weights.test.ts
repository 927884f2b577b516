import { describe, expect, it } from 'vitest'
import type { KubernetesPod } from '../../../../src/discovery/kubernetes/slices/endpoint-slice.ts'
import { pod, slice, Web } from './support.ts'

const SLICE = slice('a', [pod('web-0', '10.0.0.1', { nodeName: 'big' }), pod('web-1', '10.0.0.2')])

function annotated(name: string, weight?: string): KubernetesPod {
  const annotations = weight === undefined ? null : { 'limpet.dev/weight': weight }
  return { metadata: { name, namespace: 'default', uid: `uid-of-${name}`, annotations } }
}

function weightsOf(web: Web): Record<string, number> {
  return Object.fromEntries(web.set.endpoints.map(({ identity, weight }) => [identity, weight]))
}

describe('weight', () => {
  it('is one number for all, or what a function says of the endpoint', () => {
    expect(weightsOf(new Web({ weight: 5 }, [SLICE]))).toEqual({ 'web-0': 5, 'web-1': 5 })
    const web = new Web({ weight: ({ nodeName }) => (nodeName === 'big' ? 3 : 0) }, [SLICE])
    expect(weightsOf(web)).toEqual({ 'web-0': 3, 'web-1': 0 })
    expect(web.set.placeable.map(({ identity }) => identity)).toEqual(['web-0'])
    expect(web.set.availability('web-1')).toEqual({ state: 'ready' })
  })

  it.each([
    [() => -1, '-1'],
    [() => Number.NaN, 'NaN'],
    [() => '5' as never, '"5"'],
    [
      () => {
        throw new Error('no')
      },
      '"no"',
    ],
  ])('is 1 where the function says none, and that is told', (weight, got) => {
    const web = new Web({ weight }, [slice('a', [pod('web-0', '10.0.0.1')])])
    expect(weightsOf(web)).toEqual({ 'web-0': 1 })
    expect(web.faults).toEqual([
      `EndpointSlice a: endpoints[0].weight: expected a number from 0 to 65535 from the function of option "weight", got ${got}`,
    ])
  })
})

describe('podWeight', () => {
  it('needs no pods unless it is given', () => {
    expect(new Web({ weight: 2 }).endpoints.pods).toBeUndefined()
  })

  it('follows an annotation of the pod, whichever comes first, the pod or its endpoint', () => {
    const web = new Web({ podWeight: 'limpet.dev/weight', weight: 7 }, [SLICE])
    expect(weightsOf(web)).toEqual({ 'web-0': 7, 'web-1': 7 })
    web.endpoints.pods?.replaced([annotated('web-0', '0.5'), annotated('web-1'), annotated('web-2', '4')])
    expect(weightsOf(web)).toEqual({ 'web-0': 0.5, 'web-1': 7 })
    web.put(slice('b', [pod('web-2', '10.0.0.3')]))
    expect(weightsOf(web)).toEqual({ 'web-0': 0.5, 'web-1': 7, 'web-2': 4 })
    web.endpoints.pods?.put(annotated('web-0', '0'))
    expect(weightsOf(web)).toEqual({ 'web-0': 0, 'web-1': 7, 'web-2': 4 })
    web.endpoints.pods?.removed(annotated('web-0'))
    web.endpoints.pods?.put(annotated('web-2'))
    expect(weightsOf(web)).toEqual({ 'web-0': 7, 'web-1': 7, 'web-2': 7 })
  })

  it('changes nothing when a pod changes in something else', () => {
    const web = new Web({ podWeight: 'limpet.dev/weight' }, [SLICE])
    web.endpoints.pods?.replaced([annotated('web-0', '2'), annotated('db-0', '9')])
    const before = web.set
    web.endpoints.pods?.put(annotated('web-0', '2'))
    web.endpoints.pods?.put(annotated('db-0', '8'))
    expect(web.set).toBe(before)
    web.endpoints.pods?.replaced([annotated('web-0', '2')])
    expect(web.set).toBe(before)
  })

  it('forgets the pods that a list does not have', () => {
    const web = new Web({ podWeight: 'limpet.dev/weight' }, [SLICE])
    web.endpoints.pods?.replaced([annotated('web-0', '2')])
    expect(weightsOf(web)).toEqual({ 'web-0': 2, 'web-1': 1 })
    web.endpoints.pods?.replaced([])
    expect(weightsOf(web)).toEqual({ 'web-0': 1, 'web-1': 1 })
  })

  it('may be a function of the pod', () => {
    const web = new Web({ podWeight: ({ metadata }) => (metadata.labels?.tier === 'big' ? 8 : undefined) }, [
      SLICE,
    ])
    web.endpoints.pods?.replaced([{ metadata: { ...annotated('web-1').metadata, labels: { tier: 'big' } } }])
    expect(weightsOf(web)).toEqual({ 'web-0': 1, 'web-1': 8 })
  })

  it('is told where it is no weight, once while it stays the same', () => {
    const web = new Web({ podWeight: 'limpet.dev/weight' }, [SLICE])
    for (const text of ['much', 'much', '1e3', '70000', '', '5'])
      web.endpoints.pods?.put(annotated('web-0', text))
    expect(web.faults).toEqual(
      ['"much"', '"1e3"', '"70000"', '""'].map(
        (got) => `Pod "web-0": annotation limpet.dev/weight: expected a number from 0 to 65535, got ${got}`,
      ),
    )
    expect(weightsOf(web)).toEqual({ 'web-0': 5, 'web-1': 1 })
  })

  it('takes anything for a pod', () => {
    const web = new Web({ podWeight: 'limpet.dev/weight' }, [SLICE])
    for (const item of [
      null,
      5,
      {},
      { metadata: null },
      { metadata: { uid: 5 } },
      { metadata: { uid: 'x', annotations: 5 } },
    ]) {
      web.endpoints.pods?.replaced([item as never])
      web.endpoints.pods?.put(item as never)
      web.endpoints.pods?.removed(item as never)
    }
    expect(weightsOf(web)).toEqual({ 'web-0': 1, 'web-1': 1 })
  })
})
