import fc from 'fast-check'
import { describe, it, vi } from 'vitest'
import { TableBesideModel } from '../support/table-model.ts'

// Far above what they take, for machines that are busy with other work.
vi.setConfig({ testTimeout: 60_000 })

const NEVER = Number.POSITIVE_INFINITY
const KEYS = [
  ...Array.from({ length: 40 }, (_, index) => `key-${index}`),
  '',
  '\xff',
  'x'.repeat(64),
  'x'.repeat(65),
]
const IDENTITIES = ['web-0', 'web-1', 'web-2', '']

const key = fc.constantFrom(...KEYS)
const identity = fc.constantFrom(...IDENTITIES)
const address = fc.constantFrom('192.0.2.1', '192.0.2.2', '192.0.2.3', undefined)
const nth = fc.nat(1_000)

/** One operation, as what is to be done with a table beside its model. */
const operation: fc.Arbitrary<(pair: TableBesideModel) => void | Promise<void>> = fc.oneof(
  {
    weight: 30,
    arbitrary: fc.tuple(key, identity, address).map((of) => (pair: TableBesideModel) => pair.claim(...of)),
  },
  { weight: 20, arbitrary: key.map((its) => (pair: TableBesideModel) => pair.lookup(its)) },
  {
    weight: 10,
    arbitrary: fc.tuple(nth, identity, address).map((of) => (pair: TableBesideModel) => pair.move(...of)),
  },
  { weight: 5, arbitrary: nth.map((its) => (pair: TableBesideModel) => pair.touch(its)) },
  { weight: 5, arbitrary: key.map((its) => (pair: TableBesideModel) => pair.release(its)) },
  { weight: 3, arbitrary: nth.map((its) => (pair: TableBesideModel) => pair.releaseFrom(its)) },
  { weight: 5, arbitrary: fc.nat(60).map((ms) => (pair: TableBesideModel) => pair.pass(ms)) },
  { weight: 3, arbitrary: fc.constant((pair: TableBesideModel) => pair.count([...IDENTITIES, 'none'])) },
  { weight: 2, arbitrary: identity.map((its) => (pair: TableBesideModel) => pair.releaseEndpoint(its)) },
  { weight: 1, arbitrary: fc.constant((pair: TableBesideModel) => pair.clear()) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(identity, identity, fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 5 }))
      .map((of) => (pair: TableBesideModel) => pair.moveInBulk(...of)),
  },
  {
    weight: 2,
    arbitrary: fc
      .option(identity, { nil: undefined })
      .map((its) => (pair: TableBesideModel) => pair.list(its)),
  },
  { weight: 2, arbitrary: fc.constant((pair: TableBesideModel) => pair.restart()) },
)

describe('a memory table does what a plain map does', () => {
  for (const keys of ['fingerprint', 'exact'] as const) {
    for (const whenFull of ['evict', 'refuse'] as const) {
      for (const idleTimeoutMs of [150, NEVER]) {
        for (const absoluteTimeoutMs of [400, NEVER]) {
          for (const maxBindingsPerAddress of [3, NEVER]) {
            const modes = { keys, whenFull, idleTimeoutMs, absoluteTimeoutMs, maxBindingsPerAddress }
            it(Object.values(modes).join(', '), async () => {
              const internals = fc.record({
                seed: fc.tuple(fc.integer(), fc.integer(), fc.integer(), fc.integer()),
                segmentBits: fc.integer({ min: 1, max: 3 }),
                bucketBits: fc.nat(2),
              })
              await fc.assert(
                fc.asyncProperty(
                  fc.array(operation, { minLength: 20, maxLength: 200, size: 'max' }),
                  fc.integer({ min: 1, max: 40 }),
                  internals,
                  async (operations, maxEntries, sizes) => {
                    const pair = new TableBesideModel({ ...modes, maxEntries }, sizes)
                    for (const operate of operations) await operate(pair)
                    pair.checkAll()
                    pair.count([...IDENTITIES, 'none'])
                  },
                ),
                { numRuns: 20 },
              )
            })
          }
        }
      }
    }
  }
})
