import { describe, expect, it } from 'vitest'
import { first } from '../../src/balance/first.ts'
import { endpointSet } from '../../src/endpoint/endpoint-set.ts'
import { pickContext } from '../support/pick-context.ts'

const pods = (...names: string[]) => endpointSet(names.map((name) => ({ name, host: 'a', port: 80 })))
const WEB = pods('web-10', 'web-2', 'web-1')

describe('first', () => {
  it('takes the first by name, numbers by their value', () => {
    const balancer = first()
    const order: string[] = []
    for (let pick = 0; pick < 3; pick++)
      order.push(balancer.pick(WEB, pickContext({ skip: order }))?.identity as string)
    expect(order).toEqual(['web-1', 'web-2', 'web-10'])
    expect(balancer.pick(WEB, pickContext({ skip: order }))).toBeUndefined()
  })

  it('goes on to the next at the limit of requests, and to the first of all where none has room', () => {
    const at = (load: Record<string, number>, skip: string[] = []) =>
      first({ maxRequests: 2 }).pick(WEB, pickContext({ load, skip }))?.identity
    expect(at({ 'web-1': 1 })).toBe('web-1')
    expect(at({ 'web-1': 2 })).toBe('web-2')
    expect(at({ 'web-1': 2, 'web-2': 3 })).toBe('web-10')
    expect(at({ 'web-1': 9, 'web-2': 2, 'web-10': 2 })).toBe('web-1')
    expect(at({ 'web-1': 9, 'web-2': 2, 'web-10': 2 }, ['web-1'])).toBe('web-2')
  })

  it('has no limit unless given one', () => {
    expect(first().pick(WEB, pickContext({ load: { 'web-1': 1e6 } }))?.identity).toBe('web-1')
  })

  it('follows the newest set, and leaves out those that take no new keys', () => {
    const balancer = first()
    balancer.pick(WEB, pickContext())
    const set = endpointSet([
      { name: 'web-0', host: 'a', port: 80, weight: 0 },
      { name: 'web-1', host: 'a', port: 80, conditions: { ready: false } },
      { name: 'web-5', host: 'a', port: 80 },
    ])
    expect(balancer.pick(set, pickContext())?.identity).toBe('web-5')
    expect(balancer.pick(pods(), pickContext())).toBeUndefined()
  })

  it.each([
    [{ maxRequests: 0 }, 'option "first.maxRequests": expected an integer from 1 to 1000000, got 0'],
    [{ most: 1 }, 'option "first.most" is unknown; known: maxRequests'],
  ])('refuses %j', (options, message) => {
    expect(() => first(options as never)).toThrow(message)
  })
})
