import { describe, expect, it } from 'vitest'
import { endpointSet } from '../../src/endpoint/endpoint-set.ts'
import { InFlight } from '../../src/route/in-flight.ts'

const POD_1 = { name: 'pod-1', host: '10.0.0.1', port: 80 }
const POD_2 = { name: 'pod-2', host: '10.0.0.2', port: 80 }

describe('InFlight', () => {
  it('knows of no request before there is one', () => {
    const inFlight = new InFlight()
    expect(inFlight.requests('pod-1')).toBe(0)
    expect(inFlight.total()).toBe(0)
  })

  it('has one count for each endpoint, shared by all that ask for it', () => {
    const inFlight = new InFlight()
    expect(inFlight.of('pod-1')).toBe(inFlight.of('pod-1'))
    inFlight.enter(inFlight.of('pod-1'))
    inFlight.enter(inFlight.of('pod-1'))
    inFlight.enter(inFlight.of('pod-2'))
    expect(inFlight.requests('pod-1')).toBe(2)
    expect(inFlight.total()).toBe(3)
  })

  it('drops the counts of endpoints that are gone, and only those', () => {
    const inFlight = new InFlight()
    const [one, two] = [inFlight.of('pod-1'), inFlight.of('pod-2')]
    inFlight.keepOnly(endpointSet([POD_1]))
    expect(inFlight.of('pod-1')).toBe(one)
    expect(inFlight.of('pod-2')).not.toBe(two)
  })

  it('keeps the count of an endpoint that is gone until its last request has ended', () => {
    const inFlight = new InFlight()
    const one = inFlight.of('pod-1')
    inFlight.enter(one)
    inFlight.keepOnly(endpointSet([POD_2]))
    expect(inFlight.total()).toBe(1)
    inFlight.leave(one)
    expect(inFlight.total()).toBe(0)
    inFlight.keepOnly(endpointSet([POD_2]))
    expect(inFlight.of('pod-1')).not.toBe(one)
  })

  it('counts the requests of an endpoint that comes back together with those it still had', () => {
    const inFlight = new InFlight()
    const before = inFlight.of('pod-1')
    inFlight.enter(before)
    inFlight.keepOnly(endpointSet([POD_2]))
    inFlight.keepOnly(endpointSet([POD_1, POD_2]))
    inFlight.enter(inFlight.of('pod-1'))
    expect(inFlight.requests('pod-1')).toBe(2)
    inFlight.leave(before)
    expect(inFlight.requests('pod-1')).toBe(1)
  })
})
