import { describe, expect, it, vi } from 'vitest'
import { type Change, type SimulationProgress, simulate } from '../../src/simulate/index.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'

// Far above what they take, for machines that are busy with other work.
vi.setConfig({ testTimeout: 60_000 })

const CHANGES: readonly Change[] = [
  { kind: 'scale', to: 7 },
  { kind: 'restart', endpoints: ['web-0', 'web-1'] },
  { kind: 'weight', endpoint: 'web-2', weight: 2 },
]

/** A clock on which each look takes a millisecond, so that a slice is a set number of keys. */
function clockOfLooks() {
  let now = 0
  return { now: () => ++now }
}

describe('simulate()', () => {
  it('answers the same for the same arguments, however the work is sliced', async () => {
    const pool = { endpoints: 5, bindings: 5_000, workload: 'Deployment' as const }
    const changes: Change[] = [{ kind: 'scale', to: 3 }, { kind: 'rolling-update' }, { kind: 'restart' }]
    const whole = await simulate(pool, changes, { seed: 7, clock: fakeClock() })
    const sliced = await simulate(pool, changes, { seed: 7, clock: clockOfLooks(), sliceMs: 2 })
    expect(sliced).toEqual(whole)
    expect(JSON.parse(JSON.stringify(sliced))).toEqual(JSON.parse(JSON.stringify(whole)))
    expect(await simulate(pool, changes, { seed: 8, clock: fakeClock() })).not.toEqual(whole)
  })

  it('takes the table, the ring and maglev unless told otherwise', async () => {
    const { mappings } = await simulate({ endpoints: 2, bindings: 10 }, [])
    expect(mappings.map(({ mapping }) => mapping)).toEqual(['table', 'ring', 'maglev'])
    expect((await simulate({ endpoints: 2 }, [])).bindings).toBe(100_000)
  })

  it('answers what cannot be altered', async () => {
    const given = { kind: 'remove' as const, endpoints: ['web-0'] }
    const simulation = await simulate({ endpoints: 3, bindings: 100 }, [given])
    given.endpoints.push('web-1')
    const reach = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return
      expect(Object.isFrozen(value)).toBe(true)
      for (const inner of Object.values(value)) reach(inner)
    }
    reach(simulation)
    expect(simulation.mappings[0]?.changes[0]?.change).toEqual({ kind: 'remove', endpoints: ['web-0'] })
  })

  it('lets the event loop turn after each slice', async () => {
    let turns = 0
    let isOver = false
    const count = () => {
      turns++
      if (!isOver) setImmediate(count)
    }
    setImmediate(count)
    let slices = 0
    const onProgress = () => void slices++
    const pool = { endpoints: 5, bindings: 64 * 40, mappings: { ring: 'ring' } as const }
    await simulate(pool, CHANGES, { clock: clockOfLooks(), sliceMs: 10, onProgress })
    isOver = true
    // Ten looks to a slice, 64 keys to a look: 4 slices for each of 7 sets of endpoints.
    expect(turns).toBeGreaterThanOrEqual(20)
    expect(slices).toBeGreaterThanOrEqual(turns)
  })

  it('tells its progress: never less than before, to the end, and where it is', async () => {
    const told: SimulationProgress[] = []
    const pool = { endpoints: 5, bindings: 1_000, mappings: { table: 'table', ring: 'ring' } as const }
    const onProgress = (progress: SimulationProgress) => void told.push(progress)
    await simulate(pool, CHANGES, { clock: clockOfLooks(), sliceMs: 3, onProgress })
    const dones = told.map(({ done }) => done)
    expect(dones).toEqual([...dones].sort((one, other) => one - other))
    // The first placing and 1 + 4 + 1 steps, for two mappings.
    expect(new Set(told.map(({ total }) => total))).toEqual(new Set([2 * 7 * 1_000]))
    expect(told.at(-1)).toEqual({ done: 14_000, total: 14_000, mapping: 'ring', change: 2, step: 0 })
    const places = told.map(({ mapping, change, step }) => `${mapping} ${change} ${step}`)
    const steps = ['undefined 0', '0 0', '1 0', '1 1', '1 2', '1 3', '2 0']
    expect([...new Set(places)]).toEqual(
      ['table', 'ring'].flatMap((name) => steps.map((step) => `${name} ${step}`)),
    )
  })

  it('ends after the slice under way when its signal is aborted, with the reason', async () => {
    const reason = new Error('enough')
    const told: number[] = []
    const controller = new AbortController()
    const onProgress = ({ done }: SimulationProgress) => {
      told.push(done)
      if (told.length === 3) controller.abort(reason)
    }
    const options = { signal: controller.signal, onProgress, clock: clockOfLooks(), sliceMs: 2 }
    await expect(simulate({ endpoints: 5, bindings: 100_000 }, CHANGES, options)).rejects.toBe(reason)
    expect(told).toHaveLength(3)
    expect(told.at(-1)).toBeLessThan(1_000)
    const aborted = AbortSignal.abort(reason)
    await expect(simulate({ endpoints: 5 }, CHANGES, { signal: aborted })).rejects.toBe(reason)
  })

  it('asks a function for a mapping once for each set of endpoints, with what it may hash', async () => {
    const sets: string[][] = []
    const pool = {
      endpoints: 2,
      bindings: 200,
      mappings: {
        own: (endpoints: readonly { identity: string; address: string }[]) => {
          sets.push(endpoints.map(({ identity, address }) => `${identity} ${address}`))
          return { pick: () => ({ name: endpoints[0]?.address ?? '' }) }
        },
      },
    }
    await simulate(pool, [{ kind: 'restart', endpoints: ['web-0'] }])
    expect(sets).toEqual([
      ['web-0 10.0.0.1:8080', 'web-1 10.0.0.2:8080'],
      ['web-1 10.0.0.2:8080'],
      // In its place again, at another address.
      ['web-0 10.0.0.3:8080', 'web-1 10.0.0.2:8080'],
    ])
  })

  it('gives a mapping the bytes of keys, all different and of the kind asked for', async () => {
    const keysOf = async (keys: 'uuid' | 'sequential') => {
      const seen: string[] = []
      const record = () => ({
        pick: (key: Uint8Array) => {
          seen.push(Buffer.from(key).toString('latin1'))
          return { identity: 'web-0' }
        },
      })
      await simulate({ endpoints: 1, bindings: 12, keys, mappings: { record } }, [])
      return seen
    }
    expect(await keysOf('sequential')).toEqual(Array.from({ length: 12 }, (_, i) => `session-${i}`))
    const uuids = await keysOf('uuid')
    expect(new Set(uuids).size).toBe(12)
    for (const uuid of uuids) {
      expect(uuid).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
    }
  })

  it('plays 5 000 endpoints', async () => {
    const pool = { endpoints: 5_000, bindings: 20_000, mappings: { table: 'table', ring: 'ring' } as const }
    const { mappings } = await simulate(pool, [{ kind: 'scale', to: 4_999 }])
    for (const { changes } of mappings) {
      const [{ before, moves, unneeded, lost }] = changes as [(typeof changes)[0]]
      expect(lost).toEqual(['web-4999'])
      expect(unneeded).toBe(0)
      expect(moves).toBe(before.endpoints.at(-1)?.bindings)
    }
  })
})
