import { describe, expect, it } from 'vitest'
import type { StickyError } from '../../src/error.ts'
import { type Change, type SimulatedPool, type SimulateOptions, simulate } from '../../src/simulate/index.ts'

const POOL: SimulatedPool = { endpoints: 3, bindings: 10 }
const failure = async (pool: unknown, changes: unknown = [], options: unknown = {}) =>
  (await simulate(pool as SimulatedPool, changes as Change[], options as SimulateOptions).then(
    () => undefined,
    (error: unknown) => error,
  )) as StickyError | undefined

describe('the options of simulate()', () => {
  it.each<[object, string]>([
    [{ endpoints: -1 }, '"simulate.endpoints": expected an integer from 0 to 5000'],
    [{ endpoints: 5_001 }, '"simulate.endpoints"'],
    [{ endpoints: Number.NaN }, '"simulate.endpoints"'],
    [{ endpoints: 'web-0' }, '"simulate.endpoints": expected a list of endpoints'],
    [{ endpoints: undefined }, '"simulate.endpoints"'],
    [{ endpoints: [{ identity: '' }] }, '"simulate.endpoints[0].identity"'],
    [{ endpoints: [{ identity: 'ĸ' }] }, '"simulate.endpoints[0].identity"'],
    [{ endpoints: [{ identity: 'a', weight: Number.POSITIVE_INFINITY }] }, '"simulate.endpoints[0].weight"'],
    [{ endpoints: [{ identity: 'a', weight: -1 }] }, '"simulate.endpoints[0].weight"'],
    [{ endpoints: [{ identity: 'a', host: 'a b' }] }, '"simulate.endpoints[0].host"'],
    [{ endpoints: [{ identity: 'a', port: 0 }] }, '"simulate.endpoints[0].port"'],
    [{ endpoints: [{ identity: 'a', wieght: 1 }] }, '"simulate.endpoints[0].wieght" is unknown'],
    [{ endpoints: [null] }, '"simulate.endpoints[0]"'],
    [{ bindings: 0 }, '"simulate.bindings": expected an integer from 1 to 10000000'],
    [{ bindings: 10_000_001 }, '"simulate.bindings"'],
    [{ workload: 'DaemonSet' }, '"simulate.workload"'],
    [{ keys: 'words' }, '"simulate.keys"'],
    [{ name: '' }, '"simulate.name"'],
    [{ mappings: {} }, '"simulate.mappings": expected 1 to 100 mappings'],
    [{ mappings: [] }, '"simulate.mappings"'],
    [{ mappings: { 'my own': 'rign' } }, '"simulate.mappings["my own"]"'],
    [{ mappings: { a: { table: 'table' } } }, '"simulate.mappings["a"]"'],
    [{ mappings: { a: null } }, '"simulate.mappings["a"]"'],
    [{ bindngs: 5 }, '"simulate.bindngs" is unknown'],
  ])('are refused by name: pool %j', async (pool, message) => {
    const error = await failure({ ...POOL, ...pool })
    expect(error?.code).toBe('invalid-option')
    expect(error?.message).toContain(message)
  })

  it.each<[unknown, string]>([
    [7, '"simulate.changes": expected a list of changes'],
    ['scale', '"simulate.changes"'],
    [[null], '"simulate.changes[0]"'],
    [[{ kind: 'grow' }], '"simulate.changes[0].kind"'],
    [[{ kind: 'scale' }], '"simulate.changes[0].to"'],
    [[{ kind: 'scale', to: 5_001 }], '"simulate.changes[0].to"'],
    [[{ kind: 'scale', to: 4, weight: -1 }], '"simulate.changes[0].weight"'],
    [
      [
        { kind: 'scale', to: 2 },
        { kind: 'scale', too: 3 },
      ],
      '"simulate.changes[1].too" is unknown',
    ],
    [[{ kind: 'add', endpoints: [] }], '"simulate.changes[0].endpoints"'],
    [[{ kind: 'remove', endpoints: [] }], '"simulate.changes[0].endpoints"'],
    [[{ kind: 'remove', endpoints: ['web-0', 'web-0'] }], 'each once'],
    [[{ kind: 'remove', endpoints: ['web-1', 'web-9'] }], '"simulate.changes[0].endpoints[1]"'],
    [
      [
        { kind: 'remove', endpoints: ['web-0'] },
        { kind: 'weight', endpoint: 'web-0', weight: 2 },
      ],
      '"simulate.changes[1].endpoint": expected the identity of an endpoint that is in the pool then, got "web-0"',
    ],
    [[{ kind: 'weight', endpoint: 'web-0', weight: Number.NaN }], '"simulate.changes[0].weight"'],
    [[{ kind: 'restart', atOnce: 0 }], '"simulate.changes[0].atOnce"'],
    [[{ kind: 'restart', endpoints: ['web-7'] }], '"simulate.changes[0].endpoints[0]"'],
    [[{ kind: 'rolling-update', maxSurge: 0 }], '"simulate.changes[0].maxUnavailable"'],
    [[{ kind: 'rolling-update' }], `"simulate.changes[0].kind": expected 'restart'`],
    [Array.from({ length: 1_001 }, () => ({ kind: 'scale', to: 3 })), 'at most 1000 changes'],
  ])('are refused by name: changes %j', async (changes, message) => {
    const error = await failure(POOL, changes)
    expect(error?.code).toBe('invalid-option')
    expect(error?.message).toContain(message)
  })

  it.each<[object, string]>([
    [{ sliceMs: 0 }, '"simulate.sliceMs"'],
    [{ seed: -1 }, '"simulate.seed"'],
    [{ seed: 2 ** 32 }, '"simulate.seed"'],
    [{ onProgress: true }, '"simulate.onProgress"'],
    [{ clock: {} }, '"simulate.clock"'],
    [{ slice: 8 }, '"simulate.slice" is unknown'],
  ])('are refused by name: %j', async (options, message) => {
    expect((await failure(POOL, [], options))?.message).toContain(message)
  })

  it('bound the steps and the endpoints of all changes', async () => {
    const restarts = Array.from({ length: 11 }, () => ({ kind: 'restart' }))
    const large = { ...POOL, endpoints: 5_000 }
    expect((await failure(large, restarts))?.message).toContain('at most 100000 steps over all changes')
    const updates = Array.from({ length: 20 }, () => ({ kind: 'rolling-update', maxSurge: 5_000 }))
    const deployment = { ...large, workload: 'Deployment' }
    expect((await failure(deployment, updates))?.message).toContain(
      'at most 100000 endpoints over all changes',
    )
  })

  it('name two endpoints with one identity', async () => {
    const pool = { ...POOL, endpoints: [{ identity: 'a' }, { identity: 'a' }] }
    const error = await failure(pool)
    expect(error?.code).toBe('duplicate-identity')
    expect(error?.message).toContain('"simulate.endpoints[1]"')
    const again = await failure(POOL, [{ kind: 'add', endpoints: [{ identity: 'web-0' }] }])
    expect(again?.code).toBe('duplicate-identity')
    expect(again?.message).toContain('"simulate.changes[0].endpoints[0]"')
  })

  it('name the mapping whose function throws, or answers no mapping, or somebody else', async () => {
    const cause = new Error('no')
    const thrown = await failure({
      ...POOL,
      mappings: {
        bad: () => {
          throw cause
        },
      },
    })
    expect(thrown).toMatchObject({ code: 'handler-failed', cause })
    expect(thrown?.message).toBe('option "simulate.mappings["bad"]" threw: no')
    const none = await failure({ ...POOL, mappings: { bad: () => undefined } })
    expect(none?.message).toContain('"simulate.mappings["bad"]": expected a function that answers')
    const other = await failure({ ...POOL, mappings: { bad: () => ({ pick: () => ({ name: 'x' }) }) } })
    expect(other?.message).toContain('its endpoints, got "x"')
  })
})
