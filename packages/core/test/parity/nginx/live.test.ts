import { randomInt } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { RequestLike } from '../../../src/key/request-like.ts'
import { type NginxServer, nginxHash, type ParityScheme } from '../../../src/parity/index.ts'
import { describeWith } from '../../support/real-program.ts'
import { type Answer, installedNginx, type LiveNginx, startNginx } from './live-nginx.ts'
import { headerBytes, oneOf, type Random, randomOf } from './random-requests.ts'

const KEYS = 2000
/** Numbers of servers; each has weights, and some `down`, of its own. The last has servers that refuse. */
const SIZES = [2, 3, 5, 17, 6]
const METHODS = ['hash $http_x_session consistent', 'hash $http_x_session', 'ip_hash'] as const

interface LiveUpstream {
  readonly name: string
  readonly method: (typeof METHODS)[number]
  readonly config: string
  readonly refuses: ReadonlySet<string>
}

describeWith('nginx', 'every answer of a running nginx', () => {
  const seed = randomInt(2 ** 31)
  const random = randomOf(seed)
  let upstreams: LiveUpstream[]
  let nginx: LiveNginx

  beforeAll(async () => {
    nginx = await startNginx((port) => {
      const sets = SIZES.map((size, index) => serverLines(random, size, port, index === SIZES.length - 1))
      upstreams = sets.flatMap(({ lines, refuses }, set) =>
        METHODS.map((method, index) => {
          const name = `u${set}_${index}`
          return {
            name,
            method,
            refuses,
            config: `upstream ${name} {\n  ${method};\n  ${lines.join('\n  ')}\n  keepalive 32;\n}`,
          }
        }),
      )
      return liveConfig(
        port,
        sets.flatMap(({ listens }) => listens),
        upstreams,
      )
    })
  })

  afterAll(() => nginx?.stop())

  it.each(SIZES.flatMap((_, set) => METHODS.map((method, index) => [method, `u${set}_${index}`] as const)))(
    '%s, %s',
    { timeout: 30_000 },
    async (_method, name) => {
      const { config, refuses, method } = upstreams.find((upstream) => upstream.name === name) as LiveUpstream
      const scheme = nginxHash.parse(config, { version: installedNginx() })
      const requests = Array.from({ length: KEYS }, () => randomRequest(random, name, method === 'ip_hash'))
      const answers = await nginx.ask(requests.map(({ head }) => head))
      const seen = new Set<string>()
      let hashed = 0
      for (const [index, answer] of answers.entries()) {
        const { request, head } = requests[index] as RandomRequest
        const tried = triedServers(answer)
        for (const server of tried) seen.add(server)
        const key = scheme.key(request)
        if (!key) continue
        hashed++
        const expected = triesOf(scheme, key, refuses)
        // Where the scheme's order ends, nginx goes on by round robin.
        expect(tried.slice(0, expected.length), `seed ${seed}: ${JSON.stringify(head)}`).toEqual(expected)
        if (expected.some((server) => !refuses.has(server))) expect(tried.length).toBe(expected.length)
        expect(scheme.pick(key)?.address).toBe(expected[0])
      }
      expect(hashed).toBeGreaterThan(KEYS / 2)
      expect(seen.size).toBe(scheme.servers.filter(({ down }) => !down).length)
    },
  )
})

interface RandomRequest {
  readonly head: string
  /** The same as a gateway has it, but that the wire's blanks are still there. */
  readonly request: RequestLike
}

function randomRequest(random: Random, upstream: string, isByAddress: boolean): RandomRequest {
  const client = isByAddress ? randomAddress(random) : '10.1.2.3'
  const count = oneOf(random, [0, 1, 1, 1, 1, 1, 1, 1, 2, 3])
  const rawHeaders: string[] = ['Host', 'live.test', 'X-Client', client]
  if (!isByAddress) {
    for (let i = 0; i < count; i++) {
      rawHeaders.push(oneOf(random, ['X-Session', 'x-session', 'X-SESSION']), headerBytes(random))
    }
  }
  const lines = rawHeaders.flatMap((name, index) =>
    index % 2 === 0 ? [`${name}: ${rawHeaders[index + 1]}\r\n`] : [],
  )
  return {
    head: `GET /${upstream}/ HTTP/1.1\r\n${lines.join('')}\r\n`,
    request: { headers: {}, rawHeaders, url: `/${upstream}/`, socket: { remoteAddress: client } },
  }
}

function randomAddress(random: Random): string {
  if (random(3) > 0) return Array.from({ length: 4 }, () => random(256)).join('.')
  const groups = Array.from({ length: 8 }, () => (random(3) === 0 ? 0 : random(65_536)).toString(16))
  return ['2001', ...groups.slice(1)].join(':')
}

/** In the order of the attempts, up to the first that does not refuse. */
function triesOf(
  scheme: ParityScheme<NginxServer>,
  key: Uint8Array,
  refuses: ReadonlySet<string>,
): readonly string[] {
  const tries: string[] = []
  for (const { address = '' } of scheme.attempts(key)) {
    tries.push(address)
    if (!refuses.has(address)) break
  }
  return tries
}

function triedServers({ headers }: Answer): readonly string[] {
  return headers.get('x-tried')?.split(', ') ?? []
}

/** Addresses of loopback's own /8 on one port: nobody else has them. A server that refuses has no listener. */
function serverLines(random: Random, size: number, port: number, someRefuse: boolean) {
  const lines: string[] = []
  const listens: string[] = []
  const refuses = new Set<string>()
  for (let i = 0; i < size; i++) {
    const server = `127.${1 + random(254)}.${random(256)}.${1 + random(254)}:${port}`
    const weight = random(2) === 0 ? '' : ` weight=${1 + random(9)}`
    const down = i > 1 && !someRefuse && random(4) === 0 ? ' down' : ''
    if (someRefuse && i % 2 === 1) refuses.add(server)
    else listens.push(server)
    // In every form that a word has.
    const word = oneOf(random, [server, `"${server}"`, `'${server}'`])
    lines.push(`server ${word}${weight}${down}${oneOf(random, [' ', '\n\t', ' #{ "\n'])}max_fails=0;`)
  }
  return { lines, listens, refuses }
}

function liveConfig(port: number, listens: readonly string[], upstreams: readonly LiveUpstream[]): string {
  const locations = upstreams.map(
    ({ name }) =>
      `location /${name}/ { proxy_pass http://${name}; add_header X-Tried $upstream_addr always; }`,
  )
  return `
    set_real_ip_from 127.0.0.0/8;
    real_ip_header X-Client;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    ${upstreams.map(({ config }) => config).join('\n')}
    server { listen 127.0.0.1:${port}; ${locations.join('\n')} }
    server { ${listens.map((address) => `listen ${address};`).join(' ')} return 204; }`
}
