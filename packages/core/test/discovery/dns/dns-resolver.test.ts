import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DnsResolverOptions, dnsResolver } from '../../../src/discovery/dns/dns-resolver.ts'
import type { RecordType } from '../../../src/discovery/dns/resolver.ts'
import { StickyError } from '../../../src/error.ts'
import { fakeClock } from '../../../src/testing/fake-clock.ts'
import { DnsServer, type SeenQuery } from '../../support/dns-server.ts'
import { encodeMessage, type TestRecord, TYPES } from '../../support/dns-wire.ts'
import { rawServer } from '../../support/raw-server.ts'
import { settled } from '../../support/settled.ts'

const a = (name: string, data: string, ttl = 5): TestRecord => ({ name, type: 'A', ttl, data })
const alias = (name: string, data: string, ttl = 5): TestRecord => ({ name, type: 'CNAME', ttl, data })
const srv = (name: string, data: string, ttl = 5): TestRecord => ({ name, type: 'SRV', ttl, data })
const forever = new AbortController().signal

let server: DnsServer
let second: DnsServer
beforeEach(async () => {
  server = await DnsServer.start()
  second = await DnsServer.start()
})
afterEach(async () => {
  await server[Symbol.asyncDispose]()
  await second[Symbol.asyncDispose]()
})

/** A resolver of these servers alone, whose clock stands still. */
function start(options: DnsResolverOptions = {}) {
  const clock = fakeClock()
  const resolver = dnsResolver({ servers: [server.address], resolvConf: false, clock, ...options })
  const resolve = (name: string, type: RecordType = 'A', signal = forever) =>
    resolver.resolve(name, type, signal)
  return { clock, resolve }
}

const questions = ({ name, type }: SeenQuery) => [{ name, type: TYPES[type] }]

describe('dnsResolver', () => {
  it('answers addresses with the TTL of the answer, and leaves no timer', async () => {
    server.records = [a('web.test', '10.0.0.1', 7), a('web.test', '10.0.0.2', 9)]
    const { resolve, clock } = start()
    expect(await resolve('Web.Test.')).toEqual({
      kind: 'records',
      owner: 'web.test',
      ttlMs: 7_000,
      records: [
        { type: 'A', address: '10.0.0.1' },
        { type: 'A', address: '10.0.0.2' },
      ],
    })
    expect(clock.pending).toBe(0)
    expect(server.queries).toMatchObject([{ name: 'web.test', transport: 'udp', hasEdns: true }])
  })

  it('answers IPv6 addresses, and a TTL of 0 as 0', async () => {
    server.records = [{ name: 'web.test', type: 'AAAA', ttl: 0, data: 'fd00::a' }]
    expect(await start().resolve('web.test.', 'AAAA')).toMatchObject({
      ttlMs: 0,
      records: [{ type: 'AAAA', address: 'fd00::a' }],
    })
  })

  it('asks each query with another id and another source port', async () => {
    server.records = [a('web.test', '10.0.0.1')]
    const { resolve } = start()
    for (let count = 0; count < 8; count++) await resolve('web.test.')
    // Chance lets two ids be equal once in thousands of runs, not most of them.
    expect(new Set(server.queries.map(({ id }) => id)).size).toBeGreaterThan(5)
    expect(new Set(server.queries.map(({ port }) => port)).size).toBeGreaterThan(1)
  })

  it.each([
    ['no-name', [], 'web.test.'],
    ['no-data', [{ name: 'web.test', type: 'AAAA', ttl: 5, data: '::1' }], 'web.test.'],
  ] as const)('answers %s with the TTL of the SOA', async (kind, records, name) => {
    server.records = records
    server.negativeTtl = 12
    expect(await start().resolve(name)).toEqual({ kind, ttlMs: 12_000 })
    server.negativeTtl = undefined
    expect(await start().resolve(name)).toEqual({ kind, ttlMs: 0 })
  })

  it('takes the smaller of the TTL and the minimum of a SOA (RFC 2308)', async () => {
    server.script = (query) => {
      const authorities = [{ name: 'test', type: 'SOA', ttl: 60, data: '9' }] as const
      return { id: query.id, rcode: 3, questions: questions(query), authorities }
    }
    expect(await start().resolve('web.test.')).toEqual({ kind: 'no-name', ttlMs: 9_000 })
  })

  describe('with aliases', () => {
    it('follows them within an answer; the shortest TTL of the chain counts', async () => {
      server.records = [
        alias('web.test', 'b.test', 4),
        alias('b.test', 'c.test', 60),
        a('c.test', '10.0.0.1', 30),
      ]
      expect(await start().resolve('web.test.')).toMatchObject({
        kind: 'records',
        owner: 'c.test',
        ttlMs: 4_000,
      })
      expect(server.queries).toHaveLength(1)
    })

    it('asks for their end where the server has not', async () => {
      server.script = (query) => {
        if (query.name !== 'web.test') return undefined
        return { id: query.id, questions: questions(query), answers: [alias('web.test', 'pod.test', 4)] }
      }
      server.records = [a('pod.test', '10.0.0.1', 30)]
      expect(await start().resolve('web.test.')).toMatchObject({ owner: 'pod.test', ttlMs: 4_000 })
      expect(server.queries.map(({ name }) => name)).toEqual(['web.test', 'pod.test'])
    })

    it('ends a loop within one answer, and one over many', async () => {
      server.records = [alias('web.test', 'b.test'), alias('b.test', 'web.test')]
      const { resolve } = start({ attempts: 1 })
      await expect(resolve('web.test.')).rejects.toThrow('do not end')
      server.queries.length = 0
      server.script = (query) => {
        const target = query.name === 'web.test' ? 'b.test' : 'web.test'
        return { id: query.id, questions: questions(query), answers: [alias(query.name, target)] }
      }
      await expect(resolve('web.test.')).rejects.toThrow('do not end')
      expect(server.queries).toHaveLength(17)
    })

    it('knows that the end of one does not exist', async () => {
      server.script = (query) => {
        const [answers, authorities] = [
          [alias('web.test', 'gone.test', 3)],
          [{ name: 'test', type: 'SOA', ttl: 60, data: '60' } as const],
        ]
        return { id: query.id, rcode: 3, questions: questions(query), answers, authorities }
      }
      expect(await start().resolve('web.test.')).toEqual({ kind: 'no-name', ttlMs: 3_000 })
    })
  })

  describe('with SRV records', () => {
    it('brings the addresses of the additional section when every target has some', async () => {
      server.records = [
        srv('_http._tcp.web.test', '0 50 8080 Pod-1.web.test', 30),
        srv('_http._tcp.web.test', '0 50 8081 pod-2.web.test', 30),
        a('Pod-1.web.test', '10.0.0.1', 8),
        a('pod-2.web.test', '10.0.0.2', 30),
      ]
      const answer = await start().resolve('_http._tcp.web.test.', 'SRV')
      expect(answer).toMatchObject({ kind: 'records', ttlMs: 8_000 })
      expect(answer.kind === 'records' && answer.records).toEqual([
        {
          type: 'SRV',
          priority: 0,
          weight: 50,
          port: 8_080,
          target: 'pod-1.web.test',
          addresses: ['10.0.0.1'],
        },
        {
          type: 'SRV',
          priority: 0,
          weight: 50,
          port: 8_081,
          target: 'pod-2.web.test',
          addresses: ['10.0.0.2'],
        },
      ])
    })

    it('brings none when one target has none', async () => {
      server.records = [
        srv('_http._tcp.web.test', '0 50 8080 pod-1.web.test'),
        srv('_http._tcp.web.test', '0 50 8080 pod-2.web.test'),
        a('pod-1.web.test', '10.0.0.1'),
      ]
      const answer = await start().resolve('_http._tcp.web.test.', 'SRV')
      expect(answer.kind === 'records' && answer.records.some((record) => 'addresses' in record)).toBe(false)
    })
  })

  describe('with an answer too long for UDP', () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, index) => a('web.test', `10.0.${index >> 8}.${index & 255}`))

    it('asks over TCP: 4 000 addresses in one answer', async () => {
      server.records = many(4_000)
      const answer = await start().resolve('web.test.')
      expect(answer.kind === 'records' && answer.records.length).toBe(4_000)
      expect(server.queries.map(({ transport }) => transport)).toEqual(['udp', 'tcp'])
    })

    it('asks over TCP where the server has cut its answer within a record', async () => {
      server.records = many(40)
      server.script = (query) => {
        if (query.transport === 'tcp') return undefined
        const whole = { id: query.id, questions: questions(query), answers: many(40), isTruncated: true }
        return encodeMessage(whole).subarray(0, 507)
      }
      const answer = await start().resolve('web.test.')
      expect(answer.kind === 'records' && answer.records.length).toBe(40)
      expect(server.queries.map(({ transport }) => transport)).toEqual(['udp', 'tcp'])
    })

    it('fails when it is cut off over TCP too, rather than take a part for the whole', async () => {
      server.records = many(4_200)
      await expect(start({ attempts: 1 }).resolve('web.test.')).rejects.toThrow('does not fit')
    })

    it('fails when TCP brings what is no answer', async () => {
      server.script = (query) =>
        query.transport === 'udp'
          ? { id: query.id, questions: questions(query), isTruncated: true }
          : Buffer.alloc(0)
      await expect(start({ attempts: 1 }).resolve('web.test.')).rejects.toThrow('malformed')
    })
  })

  it('asks servers at IPv6 addresses, over UDP and TCP', async ({ skip }) => {
    const six = await DnsServer.start('::1').catch(() => skip('this machine has no IPv6'))
    try {
      six.records = Array.from({ length: 200 }, (_, index) => a('web.test', `10.0.0.${index}`))
      const answer = await start({ servers: [six.address] }).resolve('web.test.')
      expect(answer.kind === 'records' && answer.records.length).toBe(200)
      expect(six.queries.map(({ transport }) => transport)).toEqual(['udp', 'tcp'])
    } finally {
      await six[Symbol.asyncDispose]()
    }
  })

  it.each([1, 2, 7])('puts an answer over TCP together that comes in parts of %i bytes', async (size) => {
    await using slow = await rawServer((socket) => {
      socket.setNoDelay()
      socket.once('data', async (bytes) => {
        const id = bytes.readUInt16BE(2)
        const message = encodeMessage({
          id,
          questions: [{ name: 'web.test', type: 1 }],
          answers: [a('web.test', '10.0.0.1')],
        })
        const framed = Buffer.concat([Buffer.from([message.length >> 8, message.length & 255]), message])
        for (let at = 0; at < framed.length; at += size) {
          socket.write(framed.subarray(at, at + size))
          await settled()
        }
      })
    })
    const { resolve } = start({ servers: [`127.0.0.1:${slow.port}`], transport: 'tcp' })
    expect(await resolve('web.test.')).toMatchObject({ records: [{ address: '10.0.0.1' }] })
    await slow.closed(1)
  })

  it('asks over TCP alone when told to', async () => {
    server.records = [a('web.test', '10.0.0.1')]
    await start({ transport: 'tcp' }).resolve('web.test.')
    expect(server.queries.map(({ transport }) => transport)).toEqual(['tcp'])
  })

  describe('against forged and broken answers', () => {
    const real = (query: SeenQuery) => ({
      id: query.id,
      questions: questions(query),
      answers: [a(query.name, '10.0.0.1')],
    })
    const forged = [a('web.test', '6.6.6.6')]

    it.each<[string, (query: SeenQuery) => Buffer]>([
      ['another id', (query) => encodeMessage({ ...real(query), id: query.id ^ 1, answers: forged })],
      [
        'another question',
        (query) =>
          encodeMessage({ ...real(query), questions: [{ name: 'other.test', type: 1 }], answers: forged }),
      ],
      [
        'another type',
        (query) =>
          encodeMessage({ ...real(query), questions: [{ name: 'web.test', type: 28 }], answers: forged }),
      ],
      ['no question', (query) => encodeMessage({ ...real(query), questions: [], answers: forged })],
      ['a query', (query) => encodeMessage({ ...real(query), isQuery: true, answers: forged })],
      ['a message cut short', (query) => encodeMessage({ ...real(query), answers: forged }).subarray(0, -1)],
      ['no byte', () => Buffer.alloc(0)],
    ])('ignores one with %s and takes the one after it', async (_what, forge) => {
      server.script = (query) => [forge(query), real(query)]
      expect(await start().resolve('web.test.')).toMatchObject({ records: [{ address: '10.0.0.1' }] })
    })

    it('ignores one that comes from another address', async () => {
      const other = createSocket('udp4')
      other.bind(0, '127.0.0.1')
      await once(other, 'listening')
      server.script = async (query) => {
        const bytes = encodeMessage({ ...real(query), answers: forged })
        await new Promise((resolve) => other.send(bytes, query.port, '127.0.0.1', resolve))
        return real(query)
      }
      expect(await start().resolve('web.test.')).toMatchObject({ records: [{ address: '10.0.0.1' }] })
      other.close()
    })

    it('does not even read one with another id: malformed or costly, it cannot be meant', async () => {
      const { resolve, clock } = start({ attempts: 1, timeoutMs: 800 })
      server.script = (query) => encodeMessage({ ...real(query), id: query.id ^ 1 }).subarray(0, -1)
      const resolving = resolve('web.test.').catch((error: unknown) => error)
      await server.until(() => server.queries.length === 1)
      for (let turn = 0; turn < 20; turn++) await settled()
      clock.advance(800)
      expect(String(await resolving)).toContain('; ignored an answer to another query')
    })

    it('says what it ignored when nothing else came', async () => {
      const { resolve, clock } = start({ attempts: 1, timeoutMs: 800 })
      server.script = (query) => ({ ...real(query), id: query.id ^ 1 })
      const resolving = resolve('web.test.').catch((error: unknown) => error)
      await server.until(() => server.queries.length === 1)
      // The forged answer is on its way over loopback: some turns, and then the time is over.
      for (let turn = 0; turn < 20; turn++) await settled()
      clock.advance(800)
      expect(String(await resolving)).toContain('did not answer within 800 ms')
      expect(clock.pending).toBe(0)
    })
  })

  describe('with several servers', () => {
    it('asks the next one when one does not answer in time, and starts with the one that did', async () => {
      server.script = () => 'silence'
      second.records = [a('web.test', '10.0.0.1')]
      const { resolve, clock } = start({ servers: [server.address, second.address], timeoutMs: 1_000 })
      const resolving = resolve('web.test.')
      await server.until(() => server.queries.length === 1)
      clock.advance(1_000)
      expect(await resolving).toMatchObject({ kind: 'records' })
      await resolve('web.test.')
      expect([server.queries.length, second.queries.length]).toEqual([1, 2])
      expect(clock.pending).toBe(0)
    })

    it('waits for a dead one once, not once for each query that waits for its turn', async () => {
      server.script = () => 'silence'
      second.records = [a('web.test', '10.0.0.1')]
      const { resolve, clock } = start({ servers: [server.address, second.address], timeoutMs: 1_000 })
      const all = Array.from({ length: 300 }, () => resolve('web.test.'))
      await server.until(() => server.queries.length === 64)
      clock.advance(1_000)
      expect((await Promise.all(all)).every(({ kind }) => kind === 'records')).toBe(true)
      expect([server.queries.length, second.queries.length]).toEqual([64, 300])
    })

    it('asks the next one at once when nobody listens at the first, or it fails', async () => {
      const gone = await DnsServer.start()
      const { address } = gone
      await gone[Symbol.asyncDispose]()
      second.records = [a('web.test', '10.0.0.1')]
      server.script = (query) => ({ id: query.id, rcode: 2, questions: questions(query) })
      const { resolve } = start({ servers: [address, server.address, second.address] })
      expect(await resolve('web.test.')).toMatchObject({ kind: 'records' })
    })

    it('asks them in turn when told to rotate', async () => {
      for (const one of [server, second]) one.records = [a('web.test', '10.0.0.1')]
      const { resolve } = start({ servers: [server.address, second.address], order: 'rotate' })
      for (let count = 0; count < 4; count++) await resolve('web.test.')
      expect([server.queries.length, second.queries.length]).toEqual([2, 2])
    })

    it.each([
      [2, 'SERVFAIL'],
      [5, 'REFUSED'],
    ])('asks each as often as may be, then fails and says why: code %i', async (rcode, name) => {
      for (const one of [server, second]) {
        one.script = (query) => ({ id: query.id, rcode, questions: questions(query) })
      }
      const { resolve } = start({ servers: [server.address, second.address], attempts: 3 })
      const error = await resolve('web.test.').catch((caught: unknown) => caught)
      expect(error).toBeInstanceOf(StickyError)
      expect(error).toMatchObject({ code: 'dns', message: `web.test A: the server answered ${name}` })
      expect([server.queries.length, second.queries.length]).toEqual([3, 3])
    })

    it('takes a referral to other servers for a failure, not for an absence', async () => {
      server.script = (query) => {
        const authorities = [{ name: 'test', type: 'NS', ttl: 5, data: 'ns.test' }] as const
        return { id: query.id, questions: questions(query), authorities }
      }
      await expect(start({ attempts: 1 }).resolve('web.test.')).rejects.toThrow('refers to other servers')
    })
  })

  describe('with a server that does not know EDNS0', () => {
    it.each([
      ['FORMERR', 1],
      ['FORMERR without the question', 1],
      ['NOTIMP', 4],
    ])('asks again without it after %s, and never with it again', async (what, rcode) => {
      server.records = [a('web.test', '10.0.0.1')]
      server.script = (query) => {
        if (!query.hasEdns) return undefined
        return { id: query.id, rcode, questions: what.includes('without') ? [] : questions(query) }
      }
      const { resolve } = start()
      expect(await resolve('web.test.')).toMatchObject({ kind: 'records' })
      await resolve('web.test.')
      expect(server.queries.map(({ hasEdns }) => hasEdns)).toEqual([true, false, false])
    })

    it('asks again without it after BADVERS', async () => {
      server.records = [a('web.test', '10.0.0.1')]
      server.script = (query) =>
        query.hasEdns ? { id: query.id, questions: questions(query), opt: 1 } : undefined
      expect(await start().resolve('web.test.')).toMatchObject({ kind: 'records' })
    })
  })

  describe('with a search list', () => {
    const search = ['default.svc.test', 'svc.test']

    it('takes the first name that has records, and tells its whole name', async () => {
      server.records = [a('web.svc.test', '10.0.0.1')]
      expect(await start({ search, ndots: 5 }).resolve('web')).toMatchObject({ owner: 'web.svc.test' })
      expect(server.queries.map(({ name }) => name)).toEqual(['web.default.svc.test', 'web.svc.test'])
    })

    it('is absent when every name is; one that exists without records makes it no-data', async () => {
      const { resolve } = start({ search, ndots: 5 })
      expect(await resolve('web')).toMatchObject({ kind: 'no-name' })
      server.records = [{ name: 'web.default.svc.test', type: 'AAAA', ttl: 5, data: '::1' }]
      expect(await resolve('web')).toMatchObject({ kind: 'no-data' })
    })

    it('is not absent when one of the names failed, but is found behind one that failed', async () => {
      server.script = (query) =>
        query.name === 'web.default.svc.test'
          ? { id: query.id, rcode: 2, questions: questions(query) }
          : undefined
      const { resolve } = start({ search, ndots: 5, attempts: 1 })
      await expect(resolve('web')).rejects.toThrow('SERVFAIL')
      server.records = [a('web.svc.test', '10.0.0.1')]
      expect(await resolve('web')).toMatchObject({ owner: 'web.svc.test' })
    })

    it('takes list and dots from the file, and notices a change of it', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'limpet-dns-'))
      try {
        const resolvConf = join(folder, 'resolv.conf')
        await writeFile(resolvConf, 'search one.test\noptions ndots:5\n')
        server.records = [a('web.one.test', '10.0.0.1'), a('web.second.test', '10.0.0.2')]
        const { resolve } = start({ resolvConf })
        expect(await resolve('web')).toMatchObject({ owner: 'web.one.test' })
        await writeFile(resolvConf, 'search second.test\noptions ndots:5\n')
        expect(await resolve('web')).toMatchObject({ owner: 'web.second.test' })
      } finally {
        await rm(folder, { recursive: true })
      }
    })
  })

  describe('when aborted', () => {
    it('rejects with the reason, and leaves no timer and no connection', async () => {
      server.script = ({ transport, ...query }) =>
        transport === 'udp'
          ? { id: query.id, questions: [{ name: query.name, type: 1 }], isTruncated: true }
          : 'silence'
      const { resolve, clock } = start()
      const abort = new AbortController()
      const resolving = resolve('web.test.', 'A', abort.signal)
      await server.until(() => server.queries.length === 2)
      const reason = new Error('enough')
      abort.abort(reason)
      await expect(resolving).rejects.toBe(reason)
      expect(clock.pending).toBe(0)
      while (server.connections > 0) await settled()
    })

    it('asks nothing when it was aborted before', async () => {
      await expect(start().resolve('web.test.', 'A', AbortSignal.abort())).rejects.toThrow('aborted')
      expect(server.queries).toEqual([])
    })
  })

  it('has 64 queries under way at most; others wait for their turn, or leave', async () => {
    const gate = Promise.withResolvers<void>()
    server.script = async (query) => {
      await gate.promise
      return server.fromRecords(query)
    }
    server.records = [a('web.test', '10.0.0.1')]
    const { resolve, clock } = start()
    const abort = new AbortController()
    const all = Array.from({ length: 100 }, () => resolve('web.test.'))
    const left = resolve('web.test.', 'A', abort.signal)
    await server.until(() => server.queries.length === 64)
    expect(clock.pending).toBe(64)
    abort.abort()
    await expect(left).rejects.toThrow('aborted')
    gate.resolve()
    expect((await Promise.all(all)).every(({ kind }) => kind === 'records')).toBe(true)
    expect(clock.pending).toBe(0)
  })

  it.each([
    [{ servers: [] }, 'servers'],
    [{ servers: ['dns.test'] }, 'servers[0]'],
    [{ resolvConf: '' }, 'resolvConf'],
    [{ search: ['-'] }, 'search[0]'],
    [{ ndots: 16 }, 'ndots'],
    [{ timeoutMs: 0 }, 'timeoutMs'],
    [{ attempts: 6 }, 'attempts'],
    [{ order: 'random' }, 'order'],
    [{ transport: 'tls' }, 'transport'],
    [{ server: '10.0.0.1' }, 'server'],
  ])('refuses %o', (options, name) => {
    expect(() => dnsResolver(options as DnsResolverOptions)).toThrow(`dnsResolver.${name}"`)
  })

  it('refuses a name that is none', async () => {
    await expect(start().resolve('web test')).rejects.toMatchObject({ code: 'invalid-option' })
  })
})
