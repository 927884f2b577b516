import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseResolvConf, ResolvConfFile } from '../../../src/discovery/dns/resolv-conf.ts'
import { namesToTry } from '../../../src/discovery/dns/search-list.ts'
import { serverAddress } from '../../../src/discovery/dns/server-address.ts'

const hosts = (text: string) => parseResolvConf(text, 'host').servers.map(({ host }) => host)

describe('parseResolvConf', () => {
  it('reads what a pod of Kubernetes has', () => {
    const text = [
      'search default.svc.cluster.local svc.cluster.local cluster.local',
      'nameserver 10.96.0.10',
      'options ndots:5',
      '',
    ].join('\n')
    expect(parseResolvConf(text, 'web-0')).toEqual({
      servers: [{ host: '10.96.0.10', port: 53 }],
      search: ['default.svc.cluster.local', 'svc.cluster.local', 'cluster.local'],
      ndots: 5,
      timeoutMs: 5_000,
      attempts: 2,
      rotate: false,
      transport: 'udp',
    })
  })

  it('has the defaults of resolv.conf(5): this host, one dot, 5 seconds, 2 attempts, the domain of the host', () => {
    expect(parseResolvConf('', 'gateway.example.com')).toEqual({
      servers: [{ host: '127.0.0.1', port: 53 }],
      search: ['example.com'],
      ndots: 1,
      timeoutMs: 5_000,
      attempts: 2,
      rotate: false,
      transport: 'udp',
    })
  })

  it('takes three servers, IPv6 and scopes too, and ignores what is no address', () => {
    const text = [
      'nameserver fe80::1%eth0',
      'nameserver dns.example.com',
      'nameserver 10.0.0.1:5353',
      'nameserver fd00::a # the cluster',
      'nameserver\t10.0.0.1',
      'nameserver 10.0.0.2',
    ]
    expect(hosts(text.join('\n'))).toEqual(['fe80::1%eth0', 'fd00::a', '10.0.0.1'])
  })

  it('ignores comments, indented lines, empty keywords and what it does not know', () => {
    const text =
      '# nameserver 10.0.0.1\n;nameserver 10.0.0.2\n nameserver 10.0.0.3\nnameserver\nsortlist 10.0.0.4\n'
    expect(hosts(text)).toEqual(['127.0.0.1'])
  })

  it('lets the last of search and domain count', () => {
    expect(parseResolvConf('search a.test b.test\ndomain c.test', 'host').search).toEqual(['c.test'])
    expect(parseResolvConf('domain c.test\nsearch A.Test. .', 'host').search).toEqual(['a.test', ''])
    expect(parseResolvConf(`search ${'a.test '.repeat(100)}`, 'host').search).toHaveLength(32)
  })

  it('adds options up, and caps them', () => {
    const parsed = parseResolvConf(
      'options ndots:99 timeout:99\noptions attempts:99 rotate use-vc edns0 ndots:x',
      'host',
    )
    expect(parsed).toMatchObject({
      ndots: 15,
      timeoutMs: 30_000,
      attempts: 5,
      rotate: true,
      transport: 'tcp',
    })
    expect(parseResolvConf('options timeout:0 attempts:0 ndots:0', 'host')).toMatchObject({
      ndots: 0,
      timeoutMs: 1_000,
      attempts: 1,
    })
  })
})

describe('ResolvConfFile', () => {
  it('reads the file again when it was replaced, keeps the last where it is gone, and starts without one', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'limpet-dns-'))
    try {
      const path = join(folder, 'resolv.conf')
      const file = new ResolvConfFile(path)
      const servers = async () => (await file.read()).servers.map(({ host }) => host)
      expect(await servers()).toEqual(['127.0.0.1'])
      await writeFile(path, 'nameserver 10.0.0.1\n')
      expect(await servers()).toEqual(['10.0.0.1'])
      const known = await file.read()
      expect(await file.read()).toBe(known)
      await writeFile(join(folder, 'next'), 'nameserver 10.0.0.2\n')
      await rename(join(folder, 'next'), path)
      expect(await servers()).toEqual(['10.0.0.2'])
      await rm(path)
      expect(await servers()).toEqual(['10.0.0.2'])
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe('namesToTry', () => {
  const search = ['default.svc.cluster.local', 'cluster.local']
  it.each([
    ['web', 5, ['web.default.svc.cluster.local', 'web.cluster.local', 'web']],
    ['web.default', 5, ['web.default.default.svc.cluster.local', 'web.default.cluster.local', 'web.default']],
    ['web.default', 1, ['web.default', 'web.default.default.svc.cluster.local', 'web.default.cluster.local']],
    ['web', 0, ['web', 'web.default.svc.cluster.local', 'web.cluster.local']],
    ['Web.Default.', 5, ['web.default']],
    ['web.', 5, ['web']],
  ])('%s with ndots %i', (name, ndots, expected) => {
    expect(namesToTry(name, search, ndots)).toEqual(expected)
  })

  it('tries a name once, and the root of a search list as the name itself', () => {
    expect(namesToTry('web', ['', 'test', 'TEST'], 1)).toEqual(['web', 'web.test'])
  })

  it('leaves out what is too long for a name', () => {
    const name = Array.from({ length: 25 }, () => 'a'.repeat(9)).join('.')
    expect(namesToTry(name, ['b'.repeat(9)], 50)).toEqual([name])
  })
})

describe('serverAddress', () => {
  it.each([
    ['10.0.0.1', { host: '10.0.0.1', port: 53 }],
    ['10.0.0.1:5353', { host: '10.0.0.1', port: 5_353 }],
    ['fd00::a', { host: 'fd00::a', port: 53 }],
    ['[fd00::a]:5353', { host: 'fd00::a', port: 5_353 }],
    ['[fe80::1%eth0]:53', { host: 'fe80::1%eth0', port: 53 }],
    ['10.0.0.1:0', undefined],
    ['10.0.0.1:65536', undefined],
    ['[10.0.0.1]:53', undefined],
    ['dns.example.com', undefined],
    ['', undefined],
  ])('reads %s', (text, expected) => {
    expect(serverAddress(text)).toEqual(expected)
  })
})
