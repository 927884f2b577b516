import { closed, type Family, forwarded, type RequestCase, refused, refusedByNode } from './case.ts'

const ask = (line: string, headers = 'Host: shop\r\n') => `${line}\r\n${headers}\r\n`
const get = (target: string, headers?: string) => ask(`GET ${target} HTTP/1.1`, headers)

/** The pod gets the target as it is. */
const as = (target: string, name = target) =>
  forwarded(name, get(target), { line: `GET ${target} HTTP/1.1`, has: ['Host: shop'] })
/** The pod gets another form of it, and the Host of the client. */
const becomes = (target: string, path: string, headers?: string, has = ['Host: shop']) =>
  forwarded(`${target} becomes ${path}`, get(target, headers), { line: `GET ${path} HTTP/1.1`, has })
const not = (target: string, name = target) => refused(name, get(target))

const targets: readonly RequestCase[] = [
  ...[
    '/',
    '/a?b=c',
    '//evil/x',
    '///',
    '/a//b',
    '/../../etc/passwd',
    '/./a/../b',
    '/%2e%2e/%2f',
    '/%00',
    '/%0d%0aX:%20y',
  ].map((target) => as(target)),
  ...[
    '/a?b=http://evil/',
    '/http://evil/',
    '/a@evil',
    '/a;b=c',
    '/a:80',
    '/?',
    '/a?b?c',
    '/a?b\\c',
    "/a'b",
    '/a{b}|c^`"<>',
    '/%zz',
    '/%',
  ].map((target) => as(target)),
  as(`/${'a'.repeat(8_000)}`, 'a target of 8 000 bytes'),
  not('/a#b', 'a fragment'),
  not('/a?b#c', 'a fragment behind a query'),
  not('/#', 'an empty fragment'),
  not('/a\\b', 'a backslash in the path'),
  not('/\\evil', 'a backslash behind the first slash'),
  not('/a\\..\\admin?b', 'backslashes in the path before a query'),
  refusedByNode('a backslash in front', get('\\a')),
  refusedByNode('no slash in front', get('a')),
  refusedByNode('only a query', get('?a')),
  refusedByNode('a blank in the target', get('/a b')),
  refusedByNode('a tab in the target', get('/a\tb')),
  refusedByNode('a NUL in the target', get('/a\0b')),
  refusedByNode('a bare CR in the target', get('/a\rb')),
  refusedByNode('a bare LF in the target', get('/a\nb')),
  refusedByNode('a header in the target', get('/a HTTP/1.1\r\nX: y\r\n')),
  refusedByNode('bytes above ASCII in the target', get('/\xc3\xa9')),
  refusedByNode('DEL in the target', get('/\x7f')),
  refusedByNode('20 000 bytes of target', get(`/${'a'.repeat(20_000)}`), 431),
]

const absolute: readonly RequestCase[] = [
  becomes('http://shop/a?b', '/a?b'),
  becomes('HTTP://SHOP/a', '/a'),
  becomes('http://shop:80/a', '/a'),
  becomes('http://shop', '/'),
  becomes('http://shop?a=/b', '/?a=/b'),
  becomes('http://shop/../a/./b', '/../a/./b'),
  becomes('http://shop//evil', '//evil'),
  becomes('https://shop/a', '/a'),
  becomes('http://shop:8080/a', '/a', 'Host: shop:8080\r\n', ['Host: shop:8080']),
  becomes('http://[::1]:8080/a', '/a', 'Host: [::1]:8080\r\n', ['Host: [::1]:8080']),
  forwarded('OPTIONS http://shop becomes *', ask('OPTIONS http://shop HTTP/1.1'), {
    line: 'OPTIONS * HTTP/1.1',
  }),
  not('http://evil/a', 'another host than Host'),
  not('http://shop:81/a', 'another port than Host'),
  not('http://shop.evil/a', 'a host that begins as Host'),
  not('http://user@shop/a', 'userinfo'),
  not('http://user:password@shop/a', 'userinfo with a password'),
  not('http://shop@evil/a', 'Host as userinfo'),
  not('http://shop:80@evil/a', 'Host and port as userinfo'),
  not('ftp://shop/a', 'another scheme'),
  not('ws://shop/a', 'the scheme of WebSockets'),
  refusedByNode('a backslash in the authority', get('http://shop\\@evil/a')),
  refused('a backslash in the path of an absolute target', get('http://shop/\\evil')),
  refused('an absolute target without Host', ask('GET http://shop/a HTTP/1.0', '')),
  refused('an absolute target and two Hosts', get('http://shop/a', 'Host: shop\r\nHost: shop\r\n')),
  refusedByNode('a scheme alone', get('http:a')),
  refused('an absolute target without an authority', get('http:///a')),
  refusedByNode('a script', get('javascript:alert(1)')),
  refused('two @ in an absolute target', get('http://a@b@shop/')),
]

const special: readonly RequestCase[] = [
  forwarded('OPTIONS *', ask('OPTIONS * HTTP/1.1'), { line: 'OPTIONS * HTTP/1.1' }),
  not('*', '* and not OPTIONS'),
  not('*/a', '* and more'),
  closed('CONNECT to an authority', ask('CONNECT evil:443 HTTP/1.1')),
  closed('CONNECT to a path', ask('CONNECT /a HTTP/1.1')),
  closed('CONNECT and a request behind it', `${ask('CONNECT evil:80 HTTP/1.1')}${get('/smuggled')}`),
]

const host = (name: string, headers: string) => refused(name, get('/a', headers))

const hosts: readonly RequestCase[] = [
  ...['shop:8080', 'shop.example.', '127.0.0.1', '[::1]', '[::1]:80', 'sh_op', 'xn--bcher-kva'].map((value) =>
    forwarded(`Host: ${value}`, get('/a', `Host: ${value}\r\n`), {
      line: 'GET /a HTTP/1.1',
      has: [`Host: ${value}`, `X-Forwarded-Host: ${value}`],
    }),
  ),
  {
    ...forwarded('no Host in HTTP/1.0', ask('GET /a HTTP/1.0', ''), {
      line: 'GET /a HTTP/1.1',
      lacks: ['x-forwarded-host'],
    }),
    closes: true,
  },
  refusedByNode('no Host in HTTP/1.1', ask('GET /a HTTP/1.1', '')),
  host('an empty Host', 'Host:\r\n'),
  host('Host twice', 'Host: shop\r\nHost: evil\r\n'),
  host('Host twice, the same', 'Host: shop\r\nhost: shop\r\n'),
  host('two hosts in one Host', 'Host: shop, evil\r\n'),
  host('a blank in Host', 'Host: shop evil\r\n'),
  host('userinfo in Host', 'Host: user@shop\r\n'),
  host('a path in Host', 'Host: shop/a\r\n'),
  host('a query in Host', 'Host: shop?a\r\n'),
  host('a fragment in Host', 'Host: shop#a\r\n'),
  host('a backslash in Host', 'Host: shop\\evil\r\n'),
  host('a scheme in Host', 'Host: http://shop\r\n'),
  host('a port that is no number', 'Host: shop:80a\r\n'),
  host('two ports', 'Host: shop:80:81\r\n'),
  host('an open bracket', 'Host: [::1\r\n'),
  host('quotes in Host', 'Host: "shop"\r\n'),
  host('bytes above ASCII in Host', 'Host: sh\xf6p\r\n'),
  refusedByNode('a NUL in Host', get('/a', 'Host: shop\0evil\r\n')),
  refusedByNode('a folded Host', get('/a', 'Host: shop\r\n evil\r\n')),
  refusedByNode('a blank before the colon of Host', get('/a', 'Host : shop\r\n')),
]

export const targetFamilies: readonly Family<RequestCase>[] = [
  { title: 'Paths', cases: targets },
  { title: 'Absolute targets', cases: absolute },
  { title: 'Targets that are no path', cases: special },
  { title: 'Host', cases: hosts },
]
