import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DnsDiscoveryOptions, dnsDiscovery } from '../../../src/discovery/dns/dns-discovery.ts'
import { dnsResolver } from '../../../src/discovery/dns/dns-resolver.ts'
import type { EndpointSet } from '../../../src/endpoint/endpoint-set.ts'
import type { StickyError } from '../../../src/error.ts'
import { type FakeClock, fakeClock } from '../../../src/testing/fake-clock.ts'
import { fakeRandom } from '../../../src/testing/fake-random.ts'
import { DnsServer, type SeenQuery } from '../../support/dns-server.ts'
import { type TestRecord, TYPES } from '../../support/dns-wire.ts'
import { settled } from '../../support/settled.ts'

const SERVICE = 'web.default.svc.cluster.local'
const STATEFUL_SET = { statefulSet: 'web', service: 'web', namespace: 'default', replicas: 2 }
const a = (name: string, data: string, ttl = 5): TestRecord => ({ name, type: 'A', ttl, data })
const pod = (label: string, data: string, ttl = 5): TestRecord => a(`${label}.${SERVICE}`, data, ttl)
const srv = (data: string, name = `_http._tcp.${SERVICE}`): TestRecord => ({
  name,
  type: 'SRV',
  ttl: 5,
  data,
})
const servfail = (query: SeenQuery) => ({
  id: query.id,
  rcode: 2,
  questions: [{ name: query.name, type: TYPES[query.type] }],
})

let server: DnsServer
let watch: Watch | undefined
beforeEach(async () => {
  server = await DnsServer.start()
})
afterEach(async () => {
  await watch?.end()
  watch = undefined
  await server[Symbol.asyncDispose]()
})

/** A watch on the test's server. The clock of its resolver stands still, so that no query times out unless told to. */
class Watch {
  readonly sets: EndpointSet[] = []
  readonly errors: StickyError[] = []
  /** What the pool is told. */
  readonly told: unknown[] = []
  readonly clock: FakeClock = fakeClock()
  readonly resolverClock: FakeClock = fakeClock()
  readonly #abort = new AbortController()
  readonly #ended: Promise<void>

  constructor(options: Partial<DnsDiscoveryOptions>) {
    const { address: own } = server
    const discovery = dnsDiscovery({
      names: `${SERVICE}.`,
      type: 'A',
      ...(options.type === 'SRV' ? {} : { port: 8_080 }),
      resolver: dnsResolver({ servers: [own], resolvConf: false, attempts: 1, clock: this.resolverClock }),
      clock: this.clock,
      random: fakeRandom(),
      onError: (error) => this.errors.push(error),
      ...options,
    })
    const told = (error: unknown) => this.told.push(error)
    this.#ended = discovery.watch((set) => this.sets.push(set), this.#abort.signal, told)
  }

  /** `identity=host:port` of each endpoint of the newest snapshot, and its weight where that is not 1. */
  get shown(): string[] | undefined {
    return this.sets.at(-1)?.endpoints.map(({ identity, host, port, weight }) => {
      return `${identity}=${host}:${port}${weight === 1 ? '' : `*${weight}`}`
    })
  }

  get identities(): string[] | undefined {
    return this.sets.at(-1)?.endpoints.map(({ identity }) => identity)
  }

  /** Until every query under way is answered and each name waits for its next time: this many timers. */
  async idle(timers: number): Promise<void> {
    while (this.clock.pending !== timers || this.resolverClock.pending > 0) await settled()
    // The snapshot is given in the turn after the answers.
    await settled()
    await settled()
  }

  async advance(ms: number, timers: number): Promise<void> {
    this.clock.advance(ms)
    await this.idle(timers)
  }

  async end(): Promise<void> {
    this.#abort.abort()
    await this.#ended
  }
}

/** A watch whose first wait is over, so that its only timers are those of its names. */
async function start(options: Partial<DnsDiscoveryOptions>, names = 1): Promise<Watch> {
  const started = new Watch({ partialAfterMs: 0, ...options })
  watch = started
  started.clock.advance(0)
  await started.idle(names)
  return started
}

describe('dnsDiscovery', () => {
  it('keeps its endpoints, and tells, when a resolver answers what is no address', async () => {
    let address = '10.0.0.1'
    const records = () => [{ type: 'A' as const, address }]
    const resolver = {
      resolve: async () => ({ kind: 'records', records: records(), owner: 'a', ttlMs: 5_000 }) as const,
    }
    const started = await start({ resolver })
    address = 'not an address'
    await started.advance(5_000, 1)
    expect(started.identities).toEqual(['10.0.0.1:8080'])
    expect(started.errors).toMatchObject([
      { code: 'dns', message: expect.stringContaining('no endpoints: ') },
    ])
    address = '10.0.0.2'
    await started.advance(5_000, 1)
    expect(started.identities).toEqual(['10.0.0.2:8080'])
  })

  it.each([undefined, Number.NaN, -1])(
    'takes a TTL of %s, from a resolver of the user, for none',
    async (ttlMs) => {
      let asked = 0
      const resolve = async () => {
        asked++
        return { kind: 'records', records: [{ type: 'A', address: '10.0.0.1' }], owner: 'a', ttlMs } as never
      }
      const started = await start({ resolver: { resolve } })
      await started.advance(999, 1)
      expect(asked).toBe(1)
      await started.advance(1, 1)
      expect(asked).toBe(2)
    },
  )

  it('ends a watch whose listener throws, with what it threw', async () => {
    server.records = [a(SERVICE, '10.0.0.1')]
    const clock = fakeClock()
    const resolver = dnsResolver({ servers: [server.address], resolvConf: false, clock })
    const discovery = dnsDiscovery({ names: `${SERVICE}.`, type: 'A', port: 80, resolver, clock })
    const watching = discovery.watch(() => {
      throw new Error('bug')
    }, new AbortController().signal)
    await expect(watching).rejects.toThrow('bug')
    expect(clock.pending).toBe(0)
  })

  it('knows a headless Service by its addresses, IPv4 and IPv6', async () => {
    server.records = [
      a(SERVICE, '10.0.0.2'),
      a(SERVICE, '10.0.0.1'),
      { name: SERVICE, type: 'AAAA', ttl: 5, data: 'fd00::1' },
    ]
    const { shown } = await start({ type: 'A+AAAA', protocol: 'https:', weight: 3 }, 2)
    expect(shown).toEqual([
      '10.0.0.1:8080=10.0.0.1:8080*3',
      '10.0.0.2:8080=10.0.0.2:8080*3',
      '[fd00::1]:8080=fd00::1:8080*3',
    ])
    expect(watch?.sets[0]?.endpoints[0]?.protocol).toBe('https:')
    expect(watch?.sets).toHaveLength(1)
  })

  it('asks again when the TTL has passed, not before, and says nothing where nothing changed', async () => {
    server.records = [a(SERVICE, '10.0.0.1', 7), a(SERVICE, '10.0.0.2', 9)]
    const started = await start({})
    await started.advance(6_999, 1)
    expect(server.queries).toHaveLength(1)
    server.records = server.records.toReversed()
    await started.advance(1, 1)
    expect(server.queries).toHaveLength(2)
    expect(started.sets).toHaveLength(1)
  })

  it.each([
    [0, 1_000],
    [600, 30_000],
  ])('keeps a TTL of %i s within its bounds: %i ms', async (ttl, expected) => {
    server.records = [a(SERVICE, '10.0.0.1', ttl)]
    const started = await start({})
    await started.advance(expected - 1, 1)
    expect(server.queries).toHaveLength(1)
    await started.advance(1, 1)
    expect(server.queries).toHaveLength(2)
  })

  it('follows a scale-out and a scale-in, with the same objects for those that stay', async () => {
    server.records = [a(SERVICE, '10.0.0.1')]
    const started = await start({})
    server.records = [a(SERVICE, '10.0.0.2'), a(SERVICE, '10.0.0.1')]
    await started.advance(5_000, 1)
    expect(started.shown).toEqual(['10.0.0.1:8080=10.0.0.1:8080', '10.0.0.2:8080=10.0.0.2:8080'])
    expect(started.sets[1]?.endpoints[0]).toBe(started.sets[0]?.endpoints[0])
    server.records = [a(SERVICE, '10.0.0.2')]
    await started.advance(5_000, 1)
    expect(started.identities).toEqual(['10.0.0.2:8080'])
  })

  it('lets an address that is missing among others stay for as long as it is told to', async () => {
    server.records = [a(SERVICE, '10.0.0.1', 30), a(SERVICE, '10.0.0.2', 30)]
    const started = await start({ obsoleteAfterMs: 8_000 })
    server.records = [a(SERVICE, '10.0.0.1', 30)]
    await started.advance(30_000, 1)
    await started.advance(7_999, 1)
    expect(started.identities).toHaveLength(2)
    await started.advance(1, 1)
    expect(started.identities).toEqual(['10.0.0.1:8080'])
  })

  it('has 4 000 addresses of one name', async () => {
    server.records = Array.from({ length: 4_000 }, (_, index) =>
      a(SERVICE, `10.0.${index >> 8}.${index & 255}`),
    )
    const { sets } = await start({})
    expect(sets[0]?.endpoints).toHaveLength(4_000)
  })

  it('has an address once that several names have', async () => {
    server.records = [a('blue.test', '10.0.0.1'), a('green.test', '10.0.0.1'), a('green.test', '10.0.0.2')]
    const { identities } = await start({ names: ['blue.test.', 'green.test.'] }, 2)
    expect(identities).toEqual(['10.0.0.1:8080', '10.0.0.2:8080'])
  })

  describe('in an outage', () => {
    it('keeps the last endpoints for as long as it lasts, and tells of every failure', async () => {
      server.records = [a(SERVICE, '10.0.0.1')]
      const started = await start({ retryMaxMs: 10_000 })
      server.script = servfail
      for (let hours = 0; hours < 100; hours++) await started.advance(3_600_000, 1)
      expect(started.identities).toEqual(['10.0.0.1:8080'])
      expect(started.sets).toHaveLength(1)
      expect(started.errors.length).toBeGreaterThanOrEqual(100)
      expect(started.errors[0]).toMatchObject({ code: 'dns' })
      expect(started.told).toEqual(started.errors)
      server.script = () => undefined
      server.records = [a(SERVICE, '10.0.0.2')]
      await started.advance(10_000, 1)
      expect(started.identities).toEqual(['10.0.0.2:8080'])
    })

    it('keeps them through time-outs', async () => {
      server.records = [a(SERVICE, '10.0.0.1')]
      const started = await start({})
      server.script = () => 'silence'
      started.clock.advance(5_000)
      await server.until(() => server.queries.length === 2)
      started.resolverClock.advance(5_000)
      await started.idle(1)
      expect(started.errors[0]?.message).toContain('did not answer within 5000 ms')
      expect(started.identities).toEqual(['10.0.0.1:8080'])
    })

    it('waits longer and longer, at random, and never longer than its limit', async () => {
      server.script = servfail
      const started = await start({ retryBaseMs: 1_000, retryMaxMs: 8_000, random: () => 0.999 })
      const waits: number[] = []
      for (let failure = 0; failure < 6; failure++) {
        const seen = server.queries.length
        let waited = 0
        while (server.queries.length === seen) {
          waited += 100
          await started.advance(100, 1)
        }
        waits.push(waited)
      }
      expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 8_000, 8_000])
      expect(started.sets).toEqual([])
    })

    it('asks no more often than every 50 ms, however small the random numbers are', async () => {
      server.script = servfail
      const started = await start({ random: () => 0 })
      for (let step = 0; step < 100; step++) await started.advance(10, 1)
      expect(server.queries.length).toBe(21)
    })

    it('starts over with short waits after a success', async () => {
      server.script = servfail
      const started = await start({ retryBaseMs: 1_000, retryMaxMs: 64_000, random: () => 0.999 })
      for (let failure = 0; failure < 5; failure++) await started.advance(64_000, 1)
      server.script = () => undefined
      server.records = [a(SERVICE, '10.0.0.1')]
      await started.advance(64_000, 1)
      server.script = servfail
      await started.advance(5_000, 1)
      const seen = server.queries.length
      await started.advance(1_000, 1)
      expect(server.queries.length).toBe(seen + 1)
    })

    it('is not ended by what onError throws', async () => {
      server.script = servfail
      const onError = () => {
        throw new Error('of the user')
      }
      const started = await start({ onError })
      server.script = () => undefined
      server.records = [a(SERVICE, '10.0.0.1')]
      await started.advance(30_000, 1)
      expect(started.identities).toEqual(['10.0.0.1:8080'])
    })
  })

  describe('when a name is said not to exist', () => {
    it.each([
      ['NXDOMAIN', []],
      ['no data', [{ name: SERVICE, type: 'AAAA', ttl: 5, data: '::1' }]],
    ] as const)('keeps its endpoints for a window, then believes it: %s', async (_what, records) => {
      server.records = [a(SERVICE, '10.0.0.1')]
      const started = await start({ emptyAfterMs: 12_000 })
      server.records = records
      await started.advance(5_000, 1)
      await started.advance(11_999, 1)
      expect(started.identities).toEqual(['10.0.0.1:8080'])
      await started.advance(1, 1)
      expect(started.identities).toEqual([])
      expect(started.errors).toEqual([])
    })

    it('forgets the window when the name is back', async () => {
      server.records = [a(SERVICE, '10.0.0.1')]
      const started = await start({ emptyAfterMs: 12_000 })
      for (let times = 0; times < 4; times++) {
        server.records = []
        await started.advance(5_000, 1)
        await started.advance(5_000, 1)
        server.records = [a(SERVICE, '10.0.0.1')]
        await started.advance(5_000, 1)
      }
      expect(started.sets).toHaveLength(1)
    })

    it('does not end the endpoints while nobody confirms it', async () => {
      server.records = [a(SERVICE, '10.0.0.1')]
      const started = await start({ emptyAfterMs: 12_000 })
      server.records = []
      await started.advance(5_000, 1)
      server.script = servfail
      for (let times = 0; times < 20; times++) await started.advance(30_000, 1)
      expect(started.identities).toEqual(['10.0.0.1:8080'])
    })

    it('believes it at once without a window', async () => {
      server.records = [a(SERVICE, '10.0.0.1')]
      const started = await start({ emptyAfterMs: 0 })
      server.records = []
      await started.advance(5_000, 1)
      expect(started.identities).toEqual([])
    })
  })

  describe('of a StatefulSet', () => {
    it('knows pods by their names, and leaves out one that is not there', async () => {
      server.records = [pod('web-0', '10.0.0.1')]
      const started = await start({ names: STATEFUL_SET }, 2)
      expect(started.shown).toEqual(['web-0=10.0.0.1:8080'])
      server.records = [pod('web-0', '10.0.0.1'), pod('web-1', '10.0.0.2')]
      await started.advance(5_000, 2)
      expect(started.shown).toEqual(['web-0=10.0.0.1:8080', 'web-1=10.0.0.2:8080'])
    })

    it('keeps the identity of a pod that comes back at another address', async () => {
      server.records = [pod('web-0', '10.0.0.1'), pod('web-1', '10.0.0.2')]
      const started = await start({ names: STATEFUL_SET, obsoleteAfterMs: 60_000 }, 2)
      server.records = [pod('web-0', '10.0.0.1')]
      await started.advance(5_000, 2)
      expect(started.identities).toEqual(['web-0', 'web-1'])
      server.records = [pod('web-0', '10.0.0.1'), pod('web-1', '10.0.0.9')]
      await started.advance(5_000, 2)
      expect(started.shown).toEqual(['web-0=10.0.0.1:8080', 'web-1=10.0.0.9:8080'])
      expect(started.sets).toHaveLength(2)
    })

    it('does not lead the keys of a pod that is away to the pod that has its address now', async () => {
      server.records = [pod('web-0', '10.0.0.1'), pod('web-1', '10.0.0.2')]
      const started = await start({ names: STATEFUL_SET }, 2)
      server.records = [pod('web-0', '10.0.0.2')]
      await started.advance(5_000, 2)
      expect(started.shown).toEqual(['web-0=10.0.0.2:8080'])
    })

    it('stays with one address of several while it is there, whatever the order of the answer', async () => {
      server.records = [pod('web-0', '10.0.0.7'), pod('web-0', '10.0.0.8')]
      const started = await start({ names: { ...STATEFUL_SET, replicas: 1 } })
      server.records = [pod('web-0', '10.0.0.8'), pod('web-0', '10.0.0.7'), pod('web-0', '10.0.0.1')]
      await started.advance(5_000, 1)
      expect(started.shown).toEqual(['web-0=10.0.0.7:8080'])
      expect(started.sets).toHaveLength(1)
      server.records = [pod('web-0', '10.0.0.8')]
      await started.advance(5_000, 1)
      expect(started.shown).toEqual(['web-0=10.0.0.8:8080'])
    })

    it('takes a list of names; the whole names where first labels are the same', async () => {
      server.records = [a('web-0.blue.test', '10.0.0.1'), a('web-0.green.test', '10.0.0.2')]
      const { identities } = await start(
        { names: ['web-0.blue.test.', 'web-0.green.test.'], identity: 'name' },
        2,
      )
      expect(identities).toEqual(['web-0.blue.test', 'web-0.green.test'])
    })

    it('asks for absolute names, of the given ordinals and domain', async () => {
      await start({ names: { ...STATEFUL_SET, firstOrdinal: 3, domain: 'k8s.test' } }, 2)
      const names = server.queries.map(({ name }) => name).sort()
      expect(names).toEqual(['web-3.web.default.svc.k8s.test', 'web-4.web.default.svc.k8s.test'])
    })
  })

  describe('by SRV records', () => {
    const type = 'SRV' as const
    const names = `_http._tcp.${SERVICE}.`

    it('takes ports, weights and the names of pods from them', async () => {
      server.records = [
        srv(`0 2 8081 web-1.${SERVICE}`),
        srv(`0 1 8080 web-0.${SERVICE}`),
        srv(`0 0 8082 10-0-0-3.${SERVICE}`),
        pod('web-0', '10.0.0.1'),
        pod('web-1', '10.0.0.2'),
        pod('10-0-0-3', '10.0.0.3'),
      ]
      const { shown } = await start({ type, names })
      expect(shown).toEqual(['10-0-0-3=10.0.0.3:8082*0', 'web-0=10.0.0.1:8080', 'web-1=10.0.0.2:8081*2'])
    })

    it('weighs all the same where all weigh nothing', async () => {
      server.records = [srv(`0 0 8080 web-0.${SERVICE}`), srv(`0 0 8080 web-1.${SERVICE}`)]
      server.records = [...server.records, pod('web-0', '10.0.0.1'), pod('web-1', '10.0.0.2')]
      const { shown } = await start({ type, names })
      expect(shown).toEqual(['web-0=10.0.0.1:8080', 'web-1=10.0.0.2:8080'])
    })

    it('uses the lowest priority alone', async () => {
      server.records = [srv(`10 1 8080 web-0.${SERVICE}`), srv(`20 1 8080 web-1.${SERVICE}`)]
      server.records = [...server.records, pod('web-0', '10.0.0.1'), pod('web-1', '10.0.0.2')]
      const started = await start({ type, names })
      expect(started.identities).toEqual(['web-0'])
      server.records = server.records.slice(1)
      await started.advance(5_000, 1)
      expect(started.identities).toEqual(['web-1'])
    })

    it('asks for the addresses that the answer does not bring, each at its own TTL', async () => {
      server.script = (query) => {
        return query.type === 'SRV' ? { ...server.fromRecords(query), additionals: [] } : undefined
      }
      server.records = [
        srv(`0 1 8080 web-0.${SERVICE}`),
        srv(`0 1 8080 web-1.${SERVICE}`),
        pod('web-0', '10.0.0.1', 20),
        pod('web-1', '10.0.0.2', 20),
      ]
      const started = await start({ type, names }, 5)
      expect(started.shown).toEqual(['web-0=10.0.0.1:8080', 'web-1=10.0.0.2:8080'])
      expect(started.sets).toHaveLength(1)
      server.records = [srv(`0 1 8080 web-1.${SERVICE}`), pod('web-1', '10.0.0.2')]
      await started.advance(5_000, 3)
      expect(started.shown).toEqual(['web-1=10.0.0.2:8080'])
      server.script = () => undefined
      await started.advance(5_000, 1)
      expect(started.sets).toHaveLength(2)
      await started.end()
      expect(started.clock.pending).toBe(0)
    })

    it('keeps the address of a target when a later answer no longer brings it', async () => {
      server.records = [srv(`0 1 8080 web-0.${SERVICE}`), pod('web-0', '10.0.0.1')]
      const started = await start({ type, names })
      server.script = (query) =>
        query.type === 'SRV' ? { ...server.fromRecords(query), additionals: [] } : servfail(query)
      await started.advance(5_000, 3)
      expect(started.shown).toEqual(['web-0=10.0.0.1:8080'])
      expect(started.sets).toHaveLength(1)
    })

    it('keeps the pod of a restarted StatefulSet by its name', async () => {
      server.records = [srv(`0 1 8080 web-0.${SERVICE}`), pod('web-0', '10.0.0.1')]
      const started = await start({ type, names })
      server.records = [srv(`0 1 8080 web-0.${SERVICE}`), pod('web-0', '10.0.0.9')]
      await started.advance(5_000, 1)
      expect(started.shown).toEqual(['web-0=10.0.0.9:8080'])
    })

    it('names a target elsewhere in full, and two ports of one target apart', async () => {
      const elsewhere = [srv('0 1 8080 pod.other.test'), a('pod.other.test', '10.0.0.1')]
      const twice = [8_080, 8_081].map((port) => srv(`0 1 ${port} web-0.${SERVICE}`))
      server.records = [...elsewhere, ...twice, pod('web-0', '10.0.0.2')]
      const { identities } = await start({ type, names })
      expect(identities).toEqual(['pod.other.test', `web-0.${SERVICE}:8080`, `web-0.${SERVICE}:8081`])
    })

    it('leaves out a target too long to be told apart by its port', async () => {
      const long = [...'abcde'].map((letter) => letter.repeat(49)).join('.')
      server.records = [8_080, 8_081].map((port) => srv(`0 1 ${port} ${long}`))
      server.records = [...server.records, a(long, '10.0.0.1')]
      server.records = [...server.records, srv(`0 1 8080 web-0.${SERVICE}`), pod('web-0', '10.0.0.2')]
      const { identities, errors } = await start({ type, names })
      expect(identities).toEqual(['web-0'])
      expect(errors[0]?.message).toContain('no host and port: aaa')
    })

    it('names targets in full where two Services could have pods of the same name', async () => {
      const [blue, green] = ['_http._tcp.blue.test', '_http._tcp.green.test']
      server.records = [
        srv('0 1 80 web-0.blue.test', blue),
        srv('0 1 80 web-0.green.test', green),
        a('web-0.blue.test', '10.0.0.1'),
        a('web-0.green.test', '10.0.0.2'),
      ]
      const { identities } = await start({ type, names: [blue, green] }, 2)
      expect(identities).toEqual(['web-0.blue.test', 'web-0.green.test'])
    })

    it('knows the service behind a search list', async () => {
      server.records = [srv(`0 1 8080 web-0.${SERVICE}`), pod('web-0', '10.0.0.1')]
      const search = ['default.svc.cluster.local']
      const resolver = dnsResolver({
        servers: [server.address],
        resolvConf: false,
        search,
        clock: fakeClock(),
      })
      const { identities } = await start({ type, names: '_http._tcp.web', resolver })
      expect(identities).toEqual(['web-0'])
    })

    it('has no endpoint of a service that is decidedly not there, or has no port, and tells of the latter', async () => {
      server.records = [srv('0 0 0 .')]
      const started = await start({ type, names })
      expect(started.identities).toEqual([])
      expect(started.errors).toEqual([])
      server.records = [srv(`0 0 0 web-0.${SERVICE}`)]
      await started.advance(5_000, 1)
      expect(started.identities).toEqual([])
      expect(started.errors[0]?.message).toContain('no host and port')
    })

    it('knows targets by address when told to', async () => {
      server.records = [srv(`0 1 8080 web-0.${SERVICE}`), pod('web-0', '10.0.0.1')]
      const { identities } = await start({ type, names, identity: 'address' })
      expect(identities).toEqual(['10.0.0.1:8080'])
    })
  })

  describe('first', () => {
    it('waits for every name', async () => {
      const gate = Promise.withResolvers<void>()
      server.records = [a('blue.test', '10.0.0.1'), a('green.test', '10.0.0.2')]
      server.script = (query) => {
        return query.name === 'green.test' ? gate.promise.then(() => server.fromRecords(query)) : undefined
      }
      watch = new Watch({ names: ['blue.test.', 'green.test.'] })
      while (watch.resolverClock.pending !== 1 || server.queries.length < 2) await settled()
      for (let turn = 0; turn < 5; turn++) await settled()
      expect(watch.sets).toEqual([])
      gate.resolve()
      await watch.idle(3)
      expect(watch.identities).toEqual(['10.0.0.1:8080', '10.0.0.2:8080'])
      expect(watch.sets).toHaveLength(1)
    })

    it('gives what is known after a time, if one name does not answer', async () => {
      server.records = [a('blue.test', '10.0.0.1')]
      server.script = (query) => (query.name === 'green.test' ? 'silence' : undefined)
      watch = new Watch({ names: ['blue.test.', 'green.test.'], partialAfterMs: 2_000 })
      while (watch.resolverClock.pending !== 1 || server.queries.length < 2) await settled()
      for (let turn = 0; turn < 5; turn++) await settled()
      watch.clock.advance(1_999)
      await settled()
      expect(watch.sets).toEqual([])
      watch.clock.advance(1)
      await settled()
      expect(watch.identities).toEqual(['10.0.0.1:8080'])
    })

    it('says nothing at all while all that is known is an absence', async () => {
      server.script = (query) => (query.name === 'green.test' ? 'silence' : undefined)
      watch = new Watch({ names: ['blue.test.', 'green.test.'], partialAfterMs: 2_000 })
      while (watch.resolverClock.pending !== 1 || server.queries.length < 2) await settled()
      watch.clock.advance(2_000)
      for (let turn = 0; turn < 5; turn++) await settled()
      expect(watch.sets).toEqual([])
    })

    it('is empty when every name is known not to exist', async () => {
      const { identities } = await start({})
      expect(identities).toEqual([])
    })
  })

  it('leaves no timer and no query when it ends in the middle of one, and says nothing after', async () => {
    const gate = Promise.withResolvers<void>()
    server.script = (query) => gate.promise.then(() => server.fromRecords(query))
    server.records = [a(SERVICE, '10.0.0.1')]
    watch = new Watch({ type: 'A+AAAA' })
    await server.until(() => server.queries.length === 2)
    await watch.end()
    expect(watch.clock.pending + watch.resolverClock.pending).toBe(0)
    gate.resolve()
    for (let turn = 0; turn < 5; turn++) await settled()
    expect(watch.sets).toEqual([])
    expect(watch.errors).toEqual([])
  })

  it('refreshes no more after its end', async () => {
    server.records = [a(SERVICE, '10.0.0.1')]
    const started = await start({})
    await started.end()
    expect(started.clock.pending).toBe(0)
    started.clock.advance(60_000)
    await settled()
    expect(server.queries).toHaveLength(1)
  })

  it.each([
    [{}, 'names'],
    [{ names: [], port: 80 }, 'names'],
    [{ names: 'web..test', port: 80 }, 'names'],
    [{ names: ['web', ''], port: 80 }, 'names[1]'],
    [{ names: 'web' }, 'port'],
    [{ names: 'web', port: 0 }, 'port'],
    [{ names: 'web', type: 'TXT', port: 80 }, 'type'],
    [{ names: 'web', type: 'SRV', port: 80 }, 'port'],
    [{ names: 'web', type: 'SRV', weight: 2 }, 'weight'],
    [{ names: STATEFUL_SET, type: 'SRV' }, 'names'],
    [{ names: { ...STATEFUL_SET, replicas: 0 }, port: 80 }, 'names.replicas'],
    [{ names: { ...STATEFUL_SET, namespace: '' }, port: 80 }, 'names.namespace'],
    [{ names: 'web', port: 80, identity: 'uid' }, 'identity'],
    [{ names: 'web', port: 80, protocol: 'http' }, 'protocol'],
    [{ names: 'web', port: 80, weight: -1 }, 'weight'],
    [{ names: 'web', port: 80, resolver: {} }, 'resolver'],
    [{ names: 'web', port: 80, minTtlMs: 0 }, 'minTtlMs'],
    [{ names: 'web', port: 80, minTtlMs: 2_000, maxTtlMs: 1_000 }, 'maxTtlMs'],
    [{ names: 'web', port: 80, retryMaxMs: 1 }, 'retryMaxMs'],
    [{ names: 'web', port: 80, onError: true }, 'onError'],
    [{ names: 'web', port: 80, ttlMs: 1 }, 'ttlMs'],
  ])('refuses %o', (options, name) => {
    expect(() => dnsDiscovery(options as unknown as DnsDiscoveryOptions)).toThrow(`dnsDiscovery.${name}"`)
  })
})
