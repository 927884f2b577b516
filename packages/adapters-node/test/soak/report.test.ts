import { describe, expect, it } from 'vitest'
import type { SoakedState } from '../../bench/soak/gateway.ts'
import type { SoakOptions } from '../../bench/soak/options.ts'
import { faults, type Soak } from '../../bench/soak/report.ts'
import { Tally } from '../../bench/soak/tally.ts'

const MIB = 1_024 * 1_024

const OPTIONS: SoakOptions = { seconds: 600, seed: 1, clients: 1, entries: 1_000, pods: 2, maxSlope: 0.5 }

function stateOf(fields: Partial<SoakedState> = {}): SoakedState {
  return {
    rss: 100 * MIB,
    heapUsed: 10 * MIB,
    external: 10 * MIB,
    descriptors: 20,
    handles: {},
    inFlight: 0,
    bindings: 1_000,
    moves: 0,
    complaints: [],
    ...fields,
  }
}

/** A soak whose state is what `at` says at each ten seconds. */
function soakOf(at: (seconds: number) => Partial<SoakedState>, fields: Partial<Soak> = {}): Soak {
  const samples = Array.from({ length: 60 }, (_, i) => ({
    at: 10 * (i + 1),
    state: stateOf(at(10 * (i + 1))),
  }))
  return {
    options: OPTIONS,
    samples,
    before: stateOf(),
    after: stateOf(),
    tally: new Tally(),
    kills: 0,
    ...fields,
  }
}

describe('a soak', () => {
  it('passes where memory goes up and down, and grew at first', () => {
    const wave = (seconds: number) => ({
      rss: (100 + (seconds < 100 ? seconds / 4 : 25) + (seconds % 20 === 0 ? 2 : 0)) * MIB,
    })
    expect(faults(soakOf(wave))).toEqual([])
  })

  it.each([
    ['RSS', 'rss'],
    ['the heap', 'heapUsed'],
    ['memory outside the heap', 'external'],
  ] as const)('fails where %s grows', (name, field) => {
    const wrong = faults(soakOf((seconds) => ({ [field]: (100 + seconds / 60) * MIB })))
    expect(wrong).toEqual([`${name} grows by 1.00 MiB a minute, more than 0.5`])
  })

  it('fails for what is left behind, what went wrong without reason, and a table that was not full', () => {
    const tally = new Tally()
    tally.add('GET', 'status 503', false)
    tally.add('GET', 'ECONNRESET', true)
    tally.add('GET', undefined, false)
    const after = stateOf({ descriptors: 21, inFlight: 2, complaints: ['warning: x'] })
    expect(faults(soakOf(() => ({ bindings: 999 }), { tally, after }))).toEqual([
      '1 errors for which no pod was killed',
      '21 descriptors are open, before 20',
      '2 leases are open',
      'warning: x',
      'the table is not full after 10 s: 999 of 1000',
    ])
  })
})
