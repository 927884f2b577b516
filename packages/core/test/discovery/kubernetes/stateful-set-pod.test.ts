import { describe, expect, it } from 'vitest'
import { podName, podOrdinal } from '../../../src/discovery/kubernetes/stateful-set-pod.ts'

describe('the pods of a StatefulSet', () => {
  it('are named by their ordinals', () => {
    expect(podName('web', 0)).toBe('web-0')
    expect(podName('web-1', 12)).toBe('web-1-12')
  })

  it('have the ordinals that their names say', () => {
    expect(podOrdinal('web', 'web-0')).toBe(0)
    expect(podOrdinal('web-1', 'web-1-12')).toBe(12)
    for (const identity of [
      'web',
      'web-',
      'web-01',
      'web--1',
      'web-1-12',
      'db-1',
      'web-x',
      'web-99999999999',
      '10.0.0.1:80',
    ]) {
      expect(podOrdinal('web', identity), identity).toBeUndefined()
    }
    expect(podOrdinal('web', 'web-4294967296')).toBeUndefined()
  })

  it.each([
    ['', 0, 'podName.statefulSet'],
    ['Web', 0, 'podName.statefulSet'],
    ['web', -1, 'podName.ordinal'],
    ['web', 0.5, 'podName.ordinal'],
  ])('have no name for %j, %d', (statefulSet, ordinal, option) => {
    expect(() => podName(statefulSet, ordinal)).toThrow(`option "${option}"`)
  })
})
