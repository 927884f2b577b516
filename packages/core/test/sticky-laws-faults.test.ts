import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Balancer } from '../src/balance/balancer.ts'
import type { MemoryTable } from '../src/table/memory.ts'
import { history, setup } from './support/laws/histories.ts'
import type { Faults } from './support/laws/setup.ts'
import { World } from './support/laws/world.ts'

/** A table that does as `table` does but for some methods. */
function altered(table: MemoryTable, methods: Partial<MemoryTable>): MemoryTable {
  return new Proxy(table, {
    get(target, name) {
      const value: unknown = Reflect.get(methods, name) ?? Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

function altering(methods: (table: MemoryTable) => Partial<MemoryTable>): Faults {
  return { table: (table) => altered(table, methods(table)) }
}

function picking(pick: (balancer: Balancer) => Balancer['pick']): Faults {
  return { placement: (balancer) => ({ name: balancer.name, pick: pick(balancer) }) }
}

const FAULTS: readonly (readonly [string, Faults])[] = [
  [
    'a move that asks for no version',
    altering((table) => ({ move: (key, from, to) => table.move(key, table.lookup(key) ?? from, to) })),
  ],
  ['a claim for another endpoint', altering((table) => ({ claim: (key) => table.claim(key, 'pod-1') }))],
  [
    'a move that starts the absolute timeout again',
    altering((table) => ({
      move(key, from, to) {
        if (!table.release(key, from)) return table.move(key, from, to)
        const { binding } = table.claim(key, to)
        return binding ? { binding, moved: true } : table.move(key, from, to)
      },
    })),
  ],
  ['a release of whatever stands', altering((table) => ({ release: (key) => table.release(key) }))],
  [
    'keys that are confused',
    altering((table) => ({ lookup: (key) => table.lookup(key === 'b' ? 'a' : key) })),
  ],
  [
    'a look-up that ends another binding',
    altering((table) => ({
      lookup(key) {
        if (key !== 'a') table.release('a')
        return table.lookup(key)
      },
    })),
  ],
  [
    'a count of one too few',
    altering((table) => ({
      countByEndpoint: (identity) => Math.max(0, table.countByEndpoint(identity) - 1),
    })),
  ],
  [
    'a placement on any endpoint, draining and down ones included',
    picking(
      () =>
        ({ endpoints }, context) =>
          endpoints[Math.floor(context.random() * endpoints.length)],
    ),
  ],
  ['a placement that finds nobody', picking(() => () => undefined)],
  [
    'a placement that gives up once a request has failed somewhere',
    picking((balancer) => (set, context) => {
      const hasFailed = set.placeable.some((endpoint) => context.skips(endpoint))
      return hasFailed ? undefined : balancer.pick(set, context)
    }),
  ],
]

describe('the laws see', () => {
  it.each(FAULTS)('%s', async (_name, faults) => {
    const lives = fc.asyncProperty(setup, history, (given, happenings) =>
      new World(given, faults).live(happenings),
    )
    const { failed, errorInstance } = await fc.check(lives, { numRuns: 2_000, endOnFailure: true })
    expect(failed).toBe(true)
    expect(String(errorInstance)).toMatch(/L\d/)
  })
})
