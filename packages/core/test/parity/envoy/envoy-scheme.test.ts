import { describe, expect, it } from 'vitest'
import { type EnvoyHostInit, envoyMaglev, envoyRingHash } from '../../../src/parity/index.ts'
import { textBytes } from '../../../src/parity/wire-bytes.ts'
import type { EnvoyHash } from './vector-scheme.ts'

const hashPolicy = [{ header: 'x-session' }] as const
const KEYS = Array.from({ length: 500 }, (_, index) => textBytes(`session-${index}`))

function hostsOf(count: number): readonly EnvoyHostInit[] {
  return Array.from({ length: count }, (_, index) => ({
    address: `10.0.0.${index + 1}:80`,
    weight: 1 + (index % 3),
  }))
}

function picks(scheme: EnvoyHash): readonly (string | undefined)[] {
  return KEYS.map((key) => scheme.pick(key)?.name)
}

function withoutLast(hosts: readonly EnvoyHostInit[], down: number) {
  return new Set(hosts.slice(-down).map(({ address }) => address as string))
}

describe.each([
  ['envoy ring_hash', envoyRingHash],
  ['envoy maglev', envoyMaglev],
] as const)('%s', (name, make) => {
  const hosts = hostsOf(10)
  const scheme = make({ hosts, hashPolicy })

  it('says its name, its hosts and the headers of its key', () => {
    expect(scheme.name).toBe(name)
    expect(scheme.keyHeaders).toEqual(['x-session'])
    expect(scheme.servers).toHaveLength(10)
    expect(scheme.servers[1]).toEqual({
      name: '10.0.0.2:80',
      address: '10.0.0.2:80',
      hostname: undefined,
      weight: 2,
    })
  })

  it('spreads keys over all hosts', () => {
    expect(new Set(picks(scheme)).size).toBe(10)
  })

  it('hashes the hash key before the hostname before the address', () => {
    const host = { address: '10.0.0.1:80', hostname: 'web-0.web' }
    const named = (init: EnvoyHostInit, useHostnameForHashing: boolean) =>
      make({ hosts: [init], hashPolicy, useHostnameForHashing }).servers[0]?.name
    expect(named(host, false)).toBe('10.0.0.1:80')
    expect(named(host, true)).toBe('web-0.web')
    expect(named({ ...host, hashKey: 'web-0' }, true)).toBe('web-0')
    expect(named({ ...host, hashKey: '' }, false)).toBe('10.0.0.1:80')
  })

  it('is made anew over the healthy hosts while some are down', () => {
    for (const down of [1, 3, 5]) {
      const healthy = make({ hosts: hosts.slice(0, -down), hashPolicy })
      const partly = scheme.without(withoutLast(hosts, down))
      expect(picks(partly)).toEqual(picks(healthy))
      expect(partly.servers).toBe(scheme.servers)
    }
  })

  it('uses all hosts in panic: fewer than half are healthy', () => {
    for (const down of [6, 9, 10]) {
      expect(picks(scheme.without(withoutLast(hosts, down)))).toEqual(picks(scheme))
    }
  })

  it('never panics at a threshold of 0: nobody left is nobody', () => {
    const strict = make({ hosts, hashPolicy, healthyPanicThreshold: 0 })
    expect(picks(strict.without(withoutLast(hosts, 9)))).toEqual(
      picks(make({ hosts: hosts.slice(0, 1), hashPolicy })),
    )
    const nobody = strict.without(withoutLast(hosts, 10))
    expect(nobody.pick(KEYS[0] as Uint8Array)).toBeUndefined()
    expect([...nobody.attempts(KEYS[0] as Uint8Array)]).toEqual([])
  })

  it('panics only while the healthy hosts, overprovisioned, are not the whole', () => {
    // 8 of 10 are fewer than 90 %, but 140 % of them are more than all; 7 of 10 are 98 %.
    const eager = make({ hosts, hashPolicy, healthyPanicThreshold: 90 })
    expect(picks(eager.without(withoutLast(hosts, 2)))).toEqual(
      picks(make({ hosts: hosts.slice(0, 8), hashPolicy })),
    )
    expect(picks(eager.without(withoutLast(hosts, 3)))).toEqual(picks(scheme))
    const exact = make({ hosts, hashPolicy, healthyPanicThreshold: 90, overprovisioningFactor: 100 })
    expect(picks(exact.without(withoutLast(hosts, 2)))).toEqual(picks(scheme))
  })

  it('adds up what is down, ignores names that are not there, and is itself without any', () => {
    expect(scheme.without(new Set())).toBe(scheme)
    expect(scheme.without(new Set(['nobody']))).toBe(scheme)
    const one = scheme.without(new Set(['10.0.0.9:80']))
    expect(one.without(new Set(['10.0.0.9:80']))).toBe(one)
    expect(picks(one.without(new Set(['10.0.0.10:80'])))).toEqual(
      picks(scheme.without(withoutLast(hosts, 2))),
    )
  })

  it('attempts as many further hosts as the retry policy says, the first of them its pick', () => {
    const retrying = make({ hosts, hashPolicy, hostSelectionRetryMaxAttempts: 30 })
    const never = make({ hosts, hashPolicy, hostSelectionRetryMaxAttempts: 0 })
    for (const key of KEYS.slice(0, 50)) {
      const names = [...retrying.attempts(key)].map((host) => host.name)
      expect(names).toHaveLength(31)
      expect(new Set(names).size).toBeGreaterThan(1)
      expect(names[0]).toBe(scheme.pick(key)?.name)
      expect([...scheme.attempts(key)].map((host) => host.name)).toEqual(names.slice(0, 2))
      expect([...never.attempts(key)]).toEqual([scheme.pick(key)])
    }
  })

  it('goes on with its attempts while others pick', () => {
    const [one, other] = KEYS as [Uint8Array, Uint8Array]
    const alone = [...scheme.attempts(one)]
    const steps = scheme.attempts(one)
    const interrupted = alone.map(() => {
      scheme.pick(other)
      return steps.next().value
    })
    expect(interrupted).toEqual(alone)
  })

  it('has nobody without hosts', () => {
    const empty = make({ hosts: [], hashPolicy })
    expect(empty.pick(new Uint8Array(0))).toBeUndefined()
    expect([...empty.attempts(new Uint8Array(3))]).toEqual([])
    expect(empty.without(new Set(['a']))).toBe(empty)
  })

  it('picks for bytes of any kind', () => {
    for (const key of [new Uint8Array(0), Uint8Array.of(0, 255, 10, 13), new Uint8Array(100_000)]) {
      expect(scheme.pick(key)).toBeDefined()
    }
  })

  it('allocates nothing in a pick', () => {
    const key = textBytes('a0a9a8b7-0000-4000-8000-000000000000')
    const growth = Array.from({ length: 7 }, () => {
      const before = process.memoryUsage().heapUsed
      for (let i = 0; i < 50_000; i++) {
        key[0] = i
        scheme.pick(key)
      }
      return process.memoryUsage().heapUsed - before
    })
    // The first rounds are compiled. The smallest object for each pick would be 800 kB a round.
    expect(growth.sort((one, other) => one - other)[3]).toBeLessThan(100_000)
  })

  it.each([
    ['hosts', { hosts: {} }],
    ['hosts[0]', { hosts: ['10.0.0.1:80'] }],
    ['hosts[1]', { hosts: [{ address: 'a:1' }, {}] }],
    ['hosts[0]', { hosts: [{ hashKey: '', hostname: 'web' }] }],
    ['hosts[0].address', { hosts: [{ hashKey: 'a', address: 80 }] }],
    ['hosts[0].port', { hosts: [{ address: 'a', port: 80 }] }],
    ...[0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 32, '2'].map(
      (weight) => ['hosts[0].weight', { hosts: [{ address: 'a:1', weight }] }] as const,
    ),
    ['hosts', { hosts: [{ address: 'a:1', weight: 2 ** 32 - 1 }, { address: 'b:1' }] }],
    ['hashPolicy', { hashPolicy: [] }],
    ['useHostnameForHashing', { useHostnameForHashing: 1 }],
    ['healthyPanicThreshold', { healthyPanicThreshold: 101 }],
    ['overprovisioningFactor', { overprovisioningFactor: 0 }],
    ['hostSelectionRetryMaxAttempts', { hostSelectionRetryMaxAttempts: 1_001 }],
    ['hash_balance_factor', { hash_balance_factor: 120 }],
  ] as const)('refuses a bad option by name: %s of %j', (path, given) => {
    const options = { hosts: hostsOf(2), hashPolicy, ...given }
    expect(() => make(options as never)).toThrow(
      expect.objectContaining({ code: 'invalid-option', message: expect.stringMatching(optionNamed(path)) }),
    )
  })

  it('refuses two hosts with one hash key', () => {
    const hosts = [{ address: 'a:1' }, { address: 'b:1' }, { hashKey: 'a:1' }]
    expect(() => make({ hosts, hashPolicy })).toThrow(
      expect.objectContaining({
        code: 'duplicate-identity',
        message: expect.stringMatching(/\.hosts\[0\] and envoy\w+\.hosts\[2\]/),
      }),
    )
  })
})

describe('envoyRingHash', () => {
  it('depends on the order of the hosts where entries do not come out whole', () => {
    const make = (hosts: readonly EnvoyHostInit[]) =>
      envoyRingHash({ hosts, hashPolicy, maximumRingSize: 10, minimumRingSize: 10 })
    expect(picks(make(hostsOf(8).toReversed()))).not.toEqual(picks(make(hostsOf(8))))
  })

  it.each([
    ['minimumRingSize', { minimumRingSize: 0 }],
    ['minimumRingSize', { minimumRingSize: 8_388_609 }],
    ['minimumRingSize', { minimumRingSize: 2_048, maximumRingSize: 1_024 }],
    ['minimumRingSize', { maximumRingSize: 1_023 }],
    ['maximumRingSize', { maximumRingSize: 8_388_609 }],
    ['maximumRingSize', { maximumRingSize: 1.5 }],
    ['hashFunction', { hashFunction: 'DEFAULT_HASH' }],
    ['tableSize', { tableSize: 7 }],
  ])('refuses a bad option by name: %s of %j', (path, given) => {
    expect(() => envoyRingHash({ hosts: hostsOf(2), hashPolicy, ...given } as never)).toThrow(
      optionNamed(path),
    )
  })
})

describe('envoyMaglev', () => {
  it('does not depend on the order of the hosts', () => {
    const make = (hosts: readonly EnvoyHostInit[]) => envoyMaglev({ hosts, hashPolicy, tableSize: 1_009 })
    expect(picks(make(hostsOf(7).toReversed()))).toEqual(picks(make(hostsOf(7))))
  })

  it.each([0, 1, 4, 65_536, 65_537.5, 5_000_077, -7, Number.NaN, '7'])(
    'refuses a table of %s',
    (tableSize) => {
      expect(() => envoyMaglev({ hosts: [], hashPolicy, tableSize: tableSize as number })).toThrow(
        optionNamed('tableSize'),
      )
    },
  )

  it('takes any prime up to the largest, but no fewer places than hosts', () => {
    for (const tableSize of [2, 3, 7, 65_537, 5_000_011])
      expect(envoyMaglev({ hosts: [], hashPolicy, tableSize })).toBeDefined()
    expect(() => envoyMaglev({ hosts: hostsOf(8), hashPolicy, tableSize: 7 })).toThrow(
      optionNamed('tableSize'),
    )
    expect(picks(envoyMaglev({ hosts: hostsOf(7), hashPolicy, tableSize: 7 }))).toContain('10.0.0.7:80')
  })
})

function optionNamed(path: string): RegExp {
  return new RegExp(`option "envoy\\w+\\.${path.replace(/[[\]]/g, '\\$&')}"`)
}
