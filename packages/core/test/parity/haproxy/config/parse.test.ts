import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { StickyError } from '../../../../src/error.ts'
import { haproxyHash } from '../../../../src/parity/index.ts'

const HEAD = 'backend b\n  balance hdr(x-key)\n'
const TWO = '  server s1 10.0.0.1:80\n  server s2 10.0.0.2:80\n'

function message(text: string, options?: Parameters<typeof haproxyHash.parse>[1]): string {
  try {
    haproxyHash.parse(text, options)
  } catch (error) {
    const { name, code, message: reason } = error as StickyError
    expect(name).toBe('StickyError')
    expect(code).toBe(reason.startsWith('HAProxy config, line ') ? 'proxy-config' : 'invalid-option')
    return reason
  }
  return 'no error'
}

describe('refuses, with the line and the reason,', () => {
  it('more lines than any config has, empty ones left out', () => {
    expect(message(`${HEAD}${TWO}${'\n'.repeat(300_000)}`)).toBe('no error')
    expect(message(`${HEAD}${TWO}${'\n'.repeat(9)}${'  a\n'.repeat(300_000)}`)).toBe(
      'HAProxy config, line 262154: more than 262144 lines with words on them',
    )
  })

  it.each([
    ['  server s1 10.0.0.1:80 slowstart 10s\n', 3, 'slowstart'],
    ['  server s1 10.0.0.1:80 agent-check\n', 3, 'agent-check'],
    [
      '  server s1 app.example:80\n',
      3,
      "host name, which may have several addresses; write an address, or parse with hostNames 'single'",
    ],
    ['  server s1 _http._tcp.app.example:80\n', 3, 'SRV records'],
    ['  server s1 "app.example:80" hash-key addr\n', 3, 'only DNS knows its address'],
    ['  server s1 10.0.0.1:+80 hash-key addr-port\n', 3, 'where the client connected to'],
    ['  server s1 10.0.0.1:80 weight 257\n', 3, 'weight: expected an integer from 0 to 256, got "257"'],
    ['  server s1 10.0.0.1:80 weight\n', 3, 'weight needs a value'],
    ['  server s1 10.0.0.1:80 id 0\n', 3, 'id: expected an integer from 1 to 4294967295'],
    ['  server s1 10.0.0.1:80 wieght 3\n', 3, 'unknown parameter "wieght"'],
    [
      '  server s1 10.0.0.1:80 hash-key name\n',
      3,
      'hash-key: expected id, id32, addr, addr-port, guid, got "name"',
    ],
    ['  server s1 10.0.0.256:80\n', 3, '"10.0.0.256:80" is no address'],
    ['  server s1 10.0.0.1:65536\n', 3, 'no port from 0 to 65535'],
    ['  server s1 ::1\n', 3, 'is no address'],
    ['  server s1 $HOST:80\n', 3, 'variable of the environment'],
    ['  server s1\n', 3, 'server needs a name and an address'],
    ['  server s/1 10.0.0.1:80\n', 3, '"s/1" is no name of a server'],
    [`${TWO}  server s1 10.0.0.3:80\n`, 5, 'the name s1 was given on line 3 already'],
    [
      '  server s1 10.0.0.1:80 id 7\n\n  server s2 10.0.0.1:80 id 7\n',
      5,
      'the id 7 was given on line 3 already',
    ],
    [
      '  server s1 10.0.0.1:80 guid g\n  server s2 10.0.0.1:80 guid g\n',
      4,
      'the guid g was given on line 3 already',
    ],
    ['  server-template s 1-3 app.example:80\n', 3, 'depends on what DNS answers'],
    ['  server-template s 1-3 10.0.0.1:80 resolvers dns\n', 3, 'depends on what DNS answers'],
    ['  server-template s 3-1 10.0.0.1:80\n', 3, '"3-1" is no number or range'],
    ['  server-template s 1-99999999 10.0.0.1:80\n', 3, 'more than 10000 servers'],
    ['  server-template s 2 10.0.0.1:80 id 4\n', 3, 'cannot share an id'],
    [
      `  server s2 10.0.0.1:80\n  server-template s 3 10.0.0.1:80\n`,
      4,
      'the name s2 was given on line 3 already',
    ],
    [`  default-server id 3\n${TWO}`, 3, 'id and guid belong to one server'],
    [`${TWO}  hash-balance-factor 150\n`, 5, 'hash-balance-factor moves keys'],
    [`${TWO}  hash-preserve-affinity maxconn\n`, 5, 'hash-preserve-affinity moves keys'],
    [`${TWO}  hash-type consistant\n`, 5, 'hash-type: expected map-based or consistent, got "consistant"'],
    [`${TWO}  hash-type consistent md5\n`, 5, 'hash-type: expected sdbm, djb2, wt6, crc32, none, got "md5"'],
    [`${TWO}  hash-type consistent sdbm hard\n`, 5, 'expected avalanche or nothing'],
    [`${TWO}  hash-typ consistent\n`, 5, 'unknown keyword "hash-typ"'],
    [`${TWO}  option redispach\n`, 5, 'unknown option "redispach"'],
    [
      `${TWO}  option redispatch many\n`,
      5,
      'option redispatch: expected an integer from -1000 to 1000, got "many"',
    ],
    [`${TWO}  option redispatch -4\n`, 5, 'with 3 retries HAProxy divides by zero at -4'],
    [`${TWO}  retries -1\n`, 5, 'retries: expected an integer from 0 to 1000, got "-1"'],
    [`${TWO}  no retries 3\n`, 5, 'no goes with option and log only'],
    [`${TWO}  mode tcp\n`, 5, 'in mode "tcp" HAProxy does not balance by this hash'],
    [`${TWO}  cookie SRV insert\n`, 5, 'cookie keeps clients'],
    [`${TWO}  stick on src\n`, 5, 'stick keeps clients'],
    [`${TWO}  use-server s1 if TRUE\n`, 5, 'use-server chooses servers by rules'],
    [`${TWO}  http-request set-header X-Key a\n`, 5, 'this may change the header x-key'],
    [`${TWO}  http-request del-header x- -m beg\n`, 5, 'this may change the header x-key'],
    [`${TWO}  http-request lua.anything\n`, 5, 'this may change the header x-key'],
    [`${TWO}  option forwardfor header X-Key\n`, 5, 'this may change the header x-key'],
    [`${TWO}  disabled\n`, 5, 'the section is disabled'],
    [`${TWO}  option transparent\n`, 5, 'to where the client wanted them'],
    [`${TWO}  server s3 "$HOST"\n`, 5, 'variable of the environment'],
    [`${TWO}  server s3 'a\n`, 5, 'a quote is not closed'],
    [`${TWO}.if defined(A)\n`, 5, '".if" lets in depends on the machine'],
    [`${TWO}[scope]\n`, 5, 'scopes are not read'],
    [`${TWO}  a\0b\n`, 5, 'a NUL character'],
    [`${TWO}${'#'.repeat(65_537)}\n`, 5, 'the line is longer than 65536 characters'],
    ['', 1, 'backend "b" has no servers'],
    [`${TWO}listen c\n`, 5, 'a second backend or listen section; choose one with options.backend'],
  ])('%j', (lines, line, reason) => {
    const text = message(HEAD + lines)
    expect(text).toContain(`HAProxy config, line ${line}: `)
    expect(text).toContain(reason)
  })

  it.each([
    ['roundrobin', 'it takes servers in turn'],
    ['random(3)', 'it draws servers at random'],
    ['leastconn', 'it counts connections'],
    ['', 'without a method'],
    ['uri depth 2', 'by the version of HTTP'],
    ['url_param id', 'the body of POST requests'],
    ['rdp-cookie(c)', 'a stream of RDP'],
    ['hdr(host) use_domain_only', 'the byte behind the value'],
    ['hdr()', 'expected hdr(<name of a header>)'],
    ['hash', 'hash needs a sample expression'],
    ['hash req.hdr(x),lower', 'converters are not computed here'],
    ['hash req.cook(x)', 'of the sample expressions only'],
    ['hash req.hdr(x,-11)', 'counts 10 values back at most'],
    ['hash req.hdr(x) y', 'hash takes one argument'],
    ['toString', 'HAProxy has no such method'],
  ])('balance %s', (method, reason) => {
    const text = message(`backend b\n  balance ${method}\n${TWO}`)
    expect(text).toContain('HAProxy config, line 2: balance: ')
    expect(text).toContain(reason)
    if (method !== '')
      expect(() => haproxyHash({ balance: method, servers: [{ name: 's' }] })).toThrow(reason)
  })

  it('changes of the source where it is hashed, and a number read of it', () => {
    const bySource = `backend b\n  balance source\n${TWO}`
    expect(message(`${bySource}  http-request set-src hdr(x)\n`)).toContain(
      "line 5: this may change the client's address",
    )
    expect(message(`${bySource}  http-request set-header X-Key a\n  mode tcp\n`)).toBe('no error')
    expect(message(`backend b\n  balance hash src\n  hash-type map-based none\n${TWO}`)).toContain(
      'line 3: hash-type: none reads',
    )
  })

  it('a text without a section, or without the one', () => {
    expect(message('')).toBe('HAProxy config, line 1: no backend or listen section in the text')
    expect(message(HEAD + TWO, { backend: 'c' })).toContain('no backend or listen section "c"')
    expect(message(`${HEAD}${TWO}listen b\n`, { backend: 'b' })).toContain(
      'line 5: a second backend or listen section; of the name "b"',
    )
    expect(message('  server s 10.0.0.1:80\n')).toContain('line 1: "server" stands in no section')
    expect(message('backend\n')).toContain('line 1: backend needs a name')
    expect(message(`backend b\n${TWO}`)).toContain('line 1: backend "b" has no balance line')
  })

  it('options that are not as expected', () => {
    expect(message(HEAD + TWO, { hostNames: 'several' as 'single' })).toContain('"options.hostNames"')
    expect(message(HEAD + TWO, { backend: 3 as unknown as string })).toContain('"options.backend"')
    expect(message(HEAD + TWO, { idMode: 'x' as 'classic' })).toContain('"options.idMode"')
    expect(message(3 as unknown as string)).toContain('"text"')
    expect(message(HEAD + TWO, { name: 'b' } as object)).toContain('"options.name" is unknown')
  })

  it('a chain of defaults sections without an end in sight', () => {
    const chain = Array.from({ length: 100 }, (_, i) => `defaults d${i + 1} from d${i}`).join('\n')
    expect(message(`defaults d0\n${chain}\nbackend b from d100\n  balance hdr(x)\n${TWO}`)).toContain(
      'more than 64 defaults',
    )
  })
})

describe('reads', () => {
  const WHOLE = readFileSync(new URL('./whole.cfg', import.meta.url), 'utf8')
  const names = (scheme: ReturnType<typeof haproxyHash.parse>, key: string) =>
    [...scheme.attempts(Buffer.from(key))].map(({ name }) => name)

  it('a section of a whole config under the defaults that apply to it', () => {
    const sessions = haproxyHash.parse(WHOLE, { backend: 'sessions' })
    expect(sessions.name).toBe('haproxy consistent')
    expect(sessions.keyHeaders).toEqual(['x-session'])
    expect(sessions.servers).toEqual([
      { name: 'app1', address: '10.0.0.1:8080', id: 1, weight: 3, isBackup: false, isDisabled: false },
      { name: 'app2', address: '10.0.0.2:8080', id: 12, weight: 100, isBackup: false, isDisabled: false },
      { name: 'app3', address: '[fd00::3]:8080', id: 3, weight: 3, isBackup: false, isDisabled: true },
      { name: 'spare', address: 'unix:/run/spare.sock', id: 4, weight: 3, isBackup: true, isDisabled: false },
    ])
    expect(names(sessions, 'k')).toHaveLength(6)
    expect(new Set(names(sessions, 'k')).size).toBe(2)
  })

  it('a section that names its defaults, or turns them around', () => {
    const tenants = haproxyHash.parse(WHOLE, { backend: 'tenants' })
    expect(tenants.name).toBe('haproxy map-based')
    expect(tenants.servers.map(({ name, weight }) => [name, weight])).toEqual([
      ['t4', 1],
      ['t5', 1],
      ['t6', 1],
    ])
    expect(names(tenants, 'k')).toHaveLength(1)
  })

  it('host names that are said to be single', () => {
    const text = `${HEAD}  server s1 app.example:80 resolvers dns\n  server s2 [::1]:80\n  server s3 10.0.0.1\n  server s4 *:80\n  server s5 [::1]\n  server s6 ::1:80\n`
    expect(haproxyHash.parse(text, { hostNames: 'single' }).servers.map(({ address }) => address)).toEqual([
      'app.example:80',
      '[::1]:80',
      undefined,
      undefined,
      undefined,
      '[::1]:80',
    ])
  })

  it('the mode of a whole config, which is tcp by default', () => {
    expect(message(`defaults\n  retries 3\n${HEAD}${TWO}`)).toContain(
      'line 3: the mode is tcp unless mode http is said',
    )
    expect(message(`defaults\n  mode http\n${HEAD}${TWO}`)).toBe('no error')
  })

  it('a backend that inherits what has no effect on it, or takes it back', () => {
    const defaults =
      'defaults\n  mode http\n  default_backend x\n  hash-balance-factor 150\n  option redispatch\n'
    const back = `${HEAD}  hash-type consistent\n  hash-balance-factor 0\n  no option redispatch\n${TWO}`
    const attempts = names(haproxyHash.parse(defaults + back), 'k')
    expect(attempts).toEqual(Array(4).fill(attempts[0]))
    const redispatched = names(
      haproxyHash.parse(defaults + back.replace('  no option redispatch\n', '')),
      'k',
    )
    expect(new Set(redispatched.slice(0, 3))).toEqual(new Set([attempts[0]]))
    expect(redispatched[3]).not.toBe(attempts[0])
    expect(message(defaults + back.replace('backend b', 'listen b'))).toContain('line 3: default_backend')
  })

  it('no retries where connections that fail are not tried again', () => {
    expect(names(haproxyHash.parse(`${HEAD}${TWO}  retry-on empty-response 503\n`), 'k')).toHaveLength(1)
    expect(names(haproxyHash.parse(`${HEAD}${TWO}  retry-on conn-failure 503\n`), 'k')).toHaveLength(4)
  })
})
