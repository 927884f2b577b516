import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StickyError } from '../../../src/error.ts'
import { type NginxParseOptions, nginxHash } from '../../../src/parity/index.ts'

/** The whole of a config as it is found in the field. */
const FIELD = `
user nginx;
http {
  log_format main '$remote_addr "$request" {}; # no comment';
  map $http_upgrade $connection { default upgrade; '' close; }
  upstream api { least_conn; server api:80; }
  upstream chat { # one pod a line
    zone chat 64k; hash "\${http_x_session}" consistent; keepalive 32;
    server 10.0.0.1:8080 weight=2 max_fails=3 fail_timeout=30s;server '10.0.0.2:8080' down;
    server "10.0.0.3:8080" max_conns=100
      weight=3;
  }
  server { listen 80; location ~ \\.php$ { proxy_pass http://chat; } if ($host = "a") { return 403; } }
}
`

function fault(text: string, options?: NginxParseOptions): string {
  try {
    nginxHash.parse(text, options)
  } catch (error) {
    expect(error).toBeInstanceOf(StickyError)
    expect((error as StickyError).code).toBe('proxy-config')
    return (error as StickyError).message
  }
  throw new Error(`taken: ${text}`)
}

function upstream(...lines: readonly string[]): string {
  return `upstream u {\n${lines.join('\n')}\n}`
}

const HASH = 'hash $http_x consistent;'

describe('nginxHash.parse', () => {
  it('reads one upstream among everything else', () => {
    const scheme = nginxHash.parse(FIELD, { upstream: 'chat' })
    expect(scheme.name).toBe('nginx hash consistent')
    expect(scheme.keyHeaders).toEqual(['x-session'])
    expect(scheme.servers).toEqual([
      { name: '10.0.0.1:8080', address: '10.0.0.1:8080', weight: 2, down: false },
      { name: '10.0.0.2:8080', address: '10.0.0.2:8080', weight: 1, down: true },
      { name: '10.0.0.3:8080', address: '10.0.0.3:8080', weight: 3, down: false },
    ])
  })

  it('reads escapes and quotes in words as nginx does', () => {
    const text = upstream(`hash 'a\\'b"c\\\\d\\t;{}#$http_x';`, 'server 10.0.0.1;')
    const key = nginxHash.parse(text).key({ headers: { x: 'v' } })
    expect(Buffer.from(key ?? []).toString()).toBe('a\'b"c\\d\t;{}#v')
  })

  it('takes addresses of every kind, with the port that nginx would use', () => {
    const text = upstream(
      'ip_hash;',
      'server 10.0.0.1;',
      'server [::1]:81;',
      'server [fd00::2];',
      'server unix:/run/a.sock;',
    )
    expect(nginxHash.parse(text).servers.map(({ address }) => address)).toEqual([
      '10.0.0.1:80',
      '[::1]:81',
      '[fd00::2]:80',
      'unix:/run/a.sock',
    ])
  })

  it('takes host names on the word that each has one address', () => {
    const text = upstream(HASH, 'server web-0.chat:8080;', 'server web-1.chat;')
    expect(fault(text)).toMatch(/^nginx config, line 3: server "web-0.chat:8080" is a host name/)
    const { servers } = nginxHash.parse(text, { singleAddressNames: true })
    expect(servers.map(({ address }) => address)).toEqual(['web-0.chat:8080', 'web-1.chat:80'])
  })

  it.each([
    ['round robin', upstream('server 10.0.0.1;'), 1, /neither hash nor ip_hash/],
    ['least_conn', upstream('least_conn;', 'server 10.0.0.1;'), 2, /"least_conn" has no fixed mapping/],
    ['random', upstream('random two;', 'server 10.0.0.1;'), 2, /"random" has no fixed mapping/],
    ['sticky', upstream('hash $http_x;', 'sticky cookie s;', 'server 10.0.0.1;'), 3, /"sticky"/],
    ['state', upstream(HASH, 'state /run/s;'), 3, /"state"/],
    ['include', upstream(HASH, 'include pods.conf;'), 3, /"include"/],
    ['Lua', upstream('balancer_by_lua_block { x }', 'server 10.0.0.1;'), 2, /opens a block/],
    ['an unknown directive', upstream(HASH, 'hush;'), 3, /"hush" is not known/],
    ['a name of Object', upstream(HASH, 'constructor;'), 3, /"constructor" is not known/],
    ['two methods', upstream(HASH, 'ip_hash;', 'server 10.0.0.1;'), 3, /second method/],
    ['hash without a key', upstream('hash;', 'server 10.0.0.1;'), 2, /takes a key/],
    [
      'hash with another word',
      upstream('hash $http_x ketama;', 'server 10.0.0.1;'),
      2,
      /invalid parameter "ketama"/,
    ],
    ['ip_hash with a word', upstream('ip_hash x;'), 2, /no parameters/],
    ['no servers', upstream(HASH), 1, /no servers/],
    ['a server without an address', upstream(HASH, 'server;'), 3, /no address/],
    ['weight 0', upstream(HASH, 'server 10.0.0.1 weight=0;'), 3, /the weight is no whole number from 1/],
    [
      'a weight that is no number',
      upstream(HASH, 'server 10.0.0.1 weight=1.5;'),
      3,
      /"weight=1.5" is no whole number/,
    ],
    ['a weight without value', upstream(HASH, 'server 10.0.0.1 weight;'), 3, /"weight" is no whole number/],
    [
      'weights above the bound',
      upstream(HASH, 'server 10.0.0.1 weight=32768;', 'server 10.0.0.2;'),
      4,
      /weights together/,
    ],
    ['a broken max_fails', upstream(HASH, 'server 10.0.0.1 max_fails=x;'), 3, /no whole number/],
    ['a broken fail_timeout', upstream(HASH, 'server 10.0.0.1 fail_timeout=;'), 3, /invalid parameter/],
    [
      'backup',
      upstream(HASH, 'server 10.0.0.1;', 'server 10.0.0.2 backup;'),
      4,
      /"backup" has no fixed mapping/,
    ],
    ['resolve', upstream(HASH, 'server 10.0.0.1 resolve;'), 3, /"resolve" has no fixed mapping/],
    ['service', upstream(HASH, 'server a.b service=http resolve;'), 3, /"service" has no fixed mapping/],
    ['slow_start', upstream(HASH, 'server 10.0.0.1 slow_start=30s;'), 3, /"slow_start" has no fixed mapping/],
    ['an unknown parameter', upstream(HASH, 'server 10.0.0.1 up;'), 3, /invalid parameter "up"/],
    ['one server twice', upstream(HASH, 'server 10.0.0.1;', 'server 10.0.0.1;'), 4, /is there twice/],
    ['port 0', upstream(HASH, 'server 10.0.0.1:0;'), 3, /port that is not from 1/],
    ['a port above 65535', upstream(HASH, 'server 10.0.0.1:65536;'), 3, /port that is not from 1/],
    ['an empty port', upstream(HASH, 'server 10.0.0.1:;'), 3, /port that is not from 1/],
    ['no host', upstream(HASH, 'server :80;'), 3, /has no host/],
    ['a URL', upstream(HASH, 'server http://a;'), 3, /is no address/],
    ['broken IPv6', upstream(HASH, 'server [::1;'), 3, /invalid IPv6 address/],
    ['bare IPv6', upstream(HASH, 'server ::1;'), 3, /is no address/],
    ['no socket', upstream(HASH, 'server unix:;'), 3, /no path of a socket/],
    ['an own variable', upstream('hash $session;', 'server 10.0.0.1;'), 2, /"\$session" cannot be followed/],
    ['$uri', upstream('hash $uri;', 'server 10.0.0.1;'), 2, /hash \$request_uri/],
    ['a capture', upstream('hash $1;', 'server 10.0.0.1;'), 2, /capture "\$1"/],
    ['a lone dollar', upstream('hash a$;', 'server 10.0.0.1;'), 2, /invalid variable name/],
    ['an open brace', upstream('hash ${http_x;', 'server 10.0.0.1;'), 2, /closing brace/],
    ['a second upstream', `${upstream(HASH, 'server 10.0.0.1;')}\nupstream v { }`, 5, /is a second one/],
    ['no upstream', 'http {\n}\n', 3, /no upstream in the text/],
    ['an empty text', '', 1, /no upstream in the text/],
    ['an upstream without a name', 'upstream { }', 1, /exactly one name/],
    ['an open upstream', 'upstream u {\n hash $http_x;\n', 1, /"u" is not closed/],
    ['an open block', 'http {\n\nserver {\n}\n', 1, /"http" is not closed/],
    ['an open quote', upstream('hash "$http_x;', 'server 10.0.0.1;'), 2, /the quote " is not closed/],
    ['a text behind a quote', upstream('hash "$http_x"y;'), 2, /unexpected "y" behind a quote/],
    ['a missing semicolon', 'upstream u { hash $http_x; server 10.0.0.1 }', 1, /unexpected "}"/],
    ['a lone semicolon', upstream(HASH, ';'), 3, /unexpected ";"/],
    ['a brace too many', `${upstream(HASH, 'server 10.0.0.1;')}\n}`, 5, /unexpected "}"/],
    ['an end in a directive', 'upstream u {\n  hash $http_x', 2, /lacks its ";"/],
    ['a word without end', upstream(`hash ${'a'.repeat(5000)};`), 2, /a word of more than 4096/],
    ['words without end', upstream(`server ${'a '.repeat(2000)};`), 2, /more than 1000 words/],
    ['blocks without end', 'a {'.repeat(100), 1, /32 deep/],
    ['Lua elsewhere', `server {\n content_by_lua_block { "} }\n}`, 2, /has Lua in it/],
  ])('refuses %s, with line and reason', (_what, text, line, reason) => {
    const message = fault(text)
    expect(message).toMatch(reason)
    expect(message).toContain(`nginx config, line ${line}:`)
  })

  it('names the upstream that is not there, or is there twice', () => {
    const text = `${upstream(HASH, 'server 10.0.0.1;')} upstream u {}`
    expect(fault(text, { upstream: 'w' })).toContain('no upstream "w"')
    expect(fault(text, { upstream: 'u' })).toContain('the upstream "u" has the same name')
  })

  it('does not take an upstream of stream{} for one of http{}', () => {
    expect(fault(`stream { ${upstream(HASH, 'server 10.0.0.1;')} }`)).toContain('no upstream')
  })

  it('refuses more text than a config has', () => {
    expect(() => nginxHash.parse(' '.repeat(1_048_577))).toThrow(/at most 1048576 characters/)
    expect(() => nginxHash.parse(undefined as never)).toThrow(/a text/)
    expect(() => nginxHash.parse('', { upsteam: 'u' } as never)).toThrow(
      /"nginxHash.parse.upsteam" is unknown/,
    )
  })

  it('answers every text with a scheme or a StickyError', { timeout: 30_000 }, () => {
    const word = fc.constantFrom(
      ...[
        'upstream',
        'u',
        'http',
        '{',
        '}',
        ';',
        '\n',
        '"',
        "'",
        '\\',
        '#',
        '$',
        '${',
        'hash',
        '$http_x',
        'consistent',
        ' ',
      ],
      ...[
        'server',
        '10.0.0.1',
        '10.0.0.2:80',
        'weight=',
        '2',
        'down',
        'unix:',
        '[::1]',
        ':',
        'ip_hash',
        '\0',
        'é',
        ')',
        '\t',
      ],
    )
    const text = fc.oneof(
      fc.array(word, { maxLength: 60 }).map((words) => words.join('')),
      fc.array(word, { maxLength: 60 }).map((words) => `upstream u { hash $http_x; ${words.join(' ')} }`),
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.nat(FIELD.length).map((length) => FIELD.slice(0, length)),
      fc.tuple(fc.nat(FIELD.length), word).map(([at, put]) => FIELD.slice(0, at) + put + FIELD.slice(at)),
    )
    let taken = 0
    fc.assert(
      fc.property(text, (config) => {
        try {
          expect(
            nginxHash.parse(config, { upstream: config.includes('chat') ? 'chat' : 'u' }).servers.length,
          ).toBeGreaterThan(0)
          taken++
        } catch (error) {
          if (!(error instanceof StickyError)) throw error
          expect(error.message).toMatch(/^nginx config, line [1-9]\d*: ./)
        }
      }),
      { numRuns: 1000 },
    )
    expect(taken).toBeGreaterThan(20)
  })

  it('is quick with the longest texts', { timeout: 30_000 }, () => {
    const slow = [
      '#',
      '"',
      '\\',
      '{',
      ' ',
      '\n',
      '$',
      'a;',
      'a{',
      'upstream u{}',
      "'a'",
      '"\\"',
      'hash ${',
      'a "b" ',
    ]
    for (const piece of slow) {
      const started = performance.now()
      fault(piece.repeat(Math.floor(1_000_000 / piece.length)))
      expect(performance.now() - started, JSON.stringify(piece)).toBeLessThan(2000)
    }
  })
})
