import { describe, expect, it } from 'vitest'
import { NOT_READY, pod, slice, Web } from './support.ts'

const four = slice('four', [pod('both', '10.0.0.1'), pod('old', '10.0.0.2')])
const six = slice('six', [pod('both', 'fd00::1'), pod('new', 'fd00::3')], { addressType: 'IPv6' })

describe('a dual-stack Service', () => {
  it.each([
    ['IPv4', ['both 10.0.0.1:8080', 'old 10.0.0.2:8080']],
    ['IPv6', ['both fd00::1:8080', 'new fd00::3:8080']],
    ['prefer-IPv4', ['both 10.0.0.1:8080', 'new fd00::3:8080', 'old 10.0.0.2:8080']],
    ['prefer-IPv6', ['both fd00::1:8080', 'new fd00::3:8080', 'old 10.0.0.2:8080']],
  ] as const)('has one endpoint for each pod: ipFamily %s', (ipFamily, shown) => {
    expect(new Web({ ipFamily }, [four, six]).shown).toEqual(shown)
    expect(new Web({ ipFamily }, [six, four]).shown).toEqual(shown)
  })

  it('has one endpoint for each pod by address, too', () => {
    const web = new Web({ identity: 'address', ipFamily: 'prefer-IPv6' }, [four, six])
    expect(web.set.endpoints.map(({ identity }) => identity)).toEqual([
      '10.0.0.2:8080',
      '[fd00::1]:8080',
      '[fd00::3]:8080',
    ])
  })

  it('keeps the address of a pod while only the slice of one family tells that it is not ready', () => {
    const web = new Web({}, [four, six])
    web.put(slice('four', [pod('both', '10.0.0.1', { conditions: NOT_READY })]))
    expect(web.get('both')).toMatchObject({ host: '10.0.0.1', conditions: NOT_READY })
  })

  it('moves a pod to its other family when the preferred one is gone for good', () => {
    const web = new Web({}, [four, six])
    expect(web.get('both')?.host).toBe('10.0.0.1')
    web.remove('four')
    expect(web.get('both')?.host).toBe('fd00::1')
  })

  it('tells nothing of the family that is not asked for', () => {
    const broken = slice('six', [pod('both', 'no address')], { addressType: 'IPv6', ports: [] })
    expect(new Web({ ipFamily: 'IPv4' }, [four, broken]).faults).toEqual([])
  })
})
