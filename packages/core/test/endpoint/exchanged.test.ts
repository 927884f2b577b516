import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Endpoint } from '../../src/endpoint/endpoint.ts'
import { endpointFrom } from '../../src/endpoint/endpoint-init.ts'
import { type EndpointSet, exchanged, setOfEndpoints } from '../../src/endpoint/endpoint-set.ts'

const NAMES = Array.from({ length: 40 }, (_, index) => `pod-${index}`)

const state = fc.record({ weight: fc.constantFrom(0, 1, 2), ready: fc.boolean(), terminating: fc.boolean() })

function made(
  name: string,
  { weight, ready, terminating }: { weight: number; ready: boolean; terminating: boolean },
): Endpoint {
  return endpointFrom('endpoint', {
    name,
    host: '10.0.0.1',
    port: 80,
    weight,
    conditions: { ready, terminating },
  })
}

function shown({ endpoints, placeable, weights }: EndpointSet) {
  return { endpoints, placeable, weights }
}

describe('a set with some endpoints exchanged', () => {
  it('is as if it had been made of them all', () => {
    const change = fc.record({ at: fc.nat({ max: NAMES.length - 1 }), state })
    fc.assert(
      fc.property(
        fc.array(state, { minLength: NAMES.length, maxLength: NAMES.length }),
        fc.array(fc.uniqueArray(change, { selector: ({ at }) => at }), { maxLength: 4 }),
        (states, rounds) => {
          const endpoints = states.map((each, index) => made(NAMES[index] as string, each))
          let set = setOfEndpoints([...endpoints])
          for (const round of rounds) {
            const before = { ...shown(set) }
            const replacements = round.map(({ at, state: next }) => made(NAMES[at] as string, next))
            for (const [index, { at }] of round.entries()) endpoints[at] = replacements[index] as Endpoint
            const former = set
            set = exchanged(set, replacements)
            expect(shown(set)).toEqual(shown(setOfEndpoints([...endpoints])))
            for (const endpoint of endpoints) expect(set.get(endpoint.identity)).toBe(endpoint)
            expect(shown(former)).toEqual(before)
          }
        },
      ),
    )
  })
})
