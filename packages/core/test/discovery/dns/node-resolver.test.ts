import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodeResolver } from '../../../src/discovery/dns/node-resolver.ts'
import { StickyError } from '../../../src/error.ts'
import { DnsServer } from '../../support/dns-server.ts'
import { TYPES } from '../../support/dns-wire.ts'

const forever = new AbortController().signal
let server: DnsServer
beforeEach(async () => {
  server = await DnsServer.start()
})
afterEach(() => server[Symbol.asyncDispose]())

const start = (assumedTtlMs?: number) =>
  nodeResolver({ servers: [server.address], ...(assumedTtlMs !== undefined && { assumedTtlMs }) })

describe('nodeResolver', () => {
  it('answers addresses with their TTL', async () => {
    server.records = [
      { name: 'web.test', type: 'A', ttl: 7, data: '10.0.0.1' },
      { name: 'web.test', type: 'AAAA', ttl: 9, data: 'fd00::1' },
    ]
    expect(await start().resolve('Web.test.', 'A', forever)).toEqual({
      kind: 'records',
      owner: 'web.test',
      ttlMs: 7_000,
      records: [{ type: 'A', address: '10.0.0.1' }],
    })
    expect(await start().resolve('web.test', 'AAAA', forever)).toMatchObject({
      ttlMs: 9_000,
      records: [{ type: 'AAAA', address: 'fd00::1' }],
    })
  })

  it('answers services, without a TTL of their own and without addresses', async () => {
    server.records = [{ name: '_http._tcp.web.test', type: 'SRV', ttl: 60, data: '1 2 80 Pod.test' }]
    expect(await start(3_000).resolve('_http._tcp.web.test.', 'SRV', forever)).toEqual({
      kind: 'records',
      owner: '_http._tcp.web.test',
      ttlMs: 3_000,
      records: [{ type: 'SRV', priority: 1, weight: 2, port: 80, target: 'pod.test' }],
    })
  })

  it('tells an absent name, an absent type and a failure apart', async () => {
    expect(await start().resolve('web.test.', 'A', forever)).toEqual({ kind: 'no-name', ttlMs: 5_000 })
    server.records = [{ name: 'web.test', type: 'A', ttl: 7, data: '10.0.0.1' }]
    expect(await start().resolve('web.test.', 'AAAA', forever)).toEqual({ kind: 'no-data', ttlMs: 5_000 })
    server.script = ({ id, name, type }) => ({ id, rcode: 2, questions: [{ name, type: TYPES[type] }] })
    const error = await start()
      .resolve('web.test.', 'A', forever)
      .catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(StickyError)
    expect(error).toMatchObject({ code: 'dns', cause: { code: 'ESERVFAIL' } })
  })

  it('ends with the reason of its signal', async () => {
    server.script = () => 'silence'
    const abort = new AbortController()
    const resolving = start().resolve('web.test.', 'A', abort.signal)
    await server.until(() => server.queries.length > 0)
    const reason = new Error('enough')
    abort.abort(reason)
    await expect(resolving).rejects.toBe(reason)
  })

  it.each([
    [{ servers: ['dns.test'] }, 'servers'],
    [{ attempts: 0 }, 'attempts'],
    [{ timeoutMs: 0 }, 'timeoutMs'],
    [{ assumedTtlMs: -1 }, 'assumedTtlMs'],
    [{ search: [] }, 'search'],
  ])('refuses %o', (options, name) => {
    expect(() => nodeResolver(options as object)).toThrow(`nodeResolver.${name}"`)
  })
})
