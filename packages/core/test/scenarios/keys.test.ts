import { describe, expect, it } from 'vitest'
import { cookie, firstOf, header, leastBound, query } from '../../src/index.ts'
import { fakeRandom } from '../../src/testing/index.ts'
import { homes, keysNamed, replica, webs } from '../support/replica.ts'

describe('1. Same key, same pod', () => {
  it('5 pods, 200 keys, 50 requests per key in random order: each key meets one pod, all pods are used', async () => {
    const gateway = replica(webs(5))
    const random = fakeRandom(7)
    const keys = keysNamed('user', 200)
    const met = new Map<string, Set<string>>()
    const requests = keys.flatMap((key) => Array.from({ length: 50 }, () => ({ key, at: random() })))
    for (const { key } of requests.sort((one, other) => one.at - other.at)) {
      met.set(key, (met.get(key) ?? new Set()).add(await gateway.send(key)))
    }
    for (const key of keys) expect(met.get(key)?.size).toBe(1)
    const counts = new Map<string, number>()
    for (const [pod] of met.values()) counts.set(pod as string, (counts.get(pod as string) ?? 0) + 1)
    expect(counts.size).toBe(5)
    // Binomial, n = 200, p = 1/5: mean 40, standard deviation 5.7; four of them.
    for (const count of counts.values()) expect(Math.abs(count - 40)).toBeLessThanOrEqual(23)
  })

  it('with placement by bound keys the spread is even to one key', async () => {
    const found = await homes(replica(webs(5), { placement: leastBound() }), keysNamed('user', 200))
    const counts = webs(5).map(({ name }) => [...found.values()].filter((home) => home === name).length)
    expect(counts).toEqual([40, 40, 40, 40, 40])
  })
})

describe('2. Keys are isolated', () => {
  it('two keys alternate: returning to the first never adopts the second’s pod', async () => {
    const gateway = replica(webs(5))
    const first = await gateway.send('alice')
    let [other, index] = ['', 0]
    do other = `bob-${index++}`
    while ((await gateway.send(other)) === first)
    const second = await gateway.send(other)
    for (let time = 0; time < 20; time++) {
      expect([await gateway.send('alice'), await gateway.send(other)]).toEqual([first, second])
    }
  })

  it('header name matching ignores case, value matching does not', async () => {
    const gateway = replica(webs(5))
    const home = await gateway.send({ headers: { 'x-SESSION': 'AbC' } })
    expect(await gateway.route({ headers: { 'X-Session': 'AbC' } })).toMatchObject({
      kind: 'stuck',
      endpoint: { identity: home },
    })
    expect((await gateway.route({ headers: { 'x-session': 'abc' } })).kind).toBe('bound')
  })
})

describe('3. No key, empty key, oversize key, repeated header', () => {
  it('an empty key never produces a binding and never concentrates traffic', async () => {
    const gateway = replica(webs(4))
    for (const request of [{}, { headers: { 'x-session': '' } }]) {
      const pods = new Set<string>()
      for (let time = 0; time < 100; time++) {
        expect((await gateway.route(request)).kind).toBe('keyless')
        pods.add(await gateway.send(request))
      }
      expect(pods.size).toBe(4)
    }
    expect(gateway.sticky.stats().bindings).toBe(0)
  })

  it('two 300-byte keys with equal first 200 bytes are two bindings', async () => {
    const gateway = replica(webs(4))
    const keys = ['a', 'b'].map((end) => 'x'.repeat(200) + end.repeat(100))
    for (const key of keys) expect((await gateway.route(key)).kind).toBe('bound')
    expect(gateway.sticky.stats().bindings).toBe(2)
  })

  it('an oversize key and a repeated header are refused, and take the configured path if there is one', async () => {
    const gateway = replica(webs(4))
    expect(await gateway.send('x'.repeat(100_000))).toBe('refused bad-key')
    const twice = { headers: { 'x-session': ['a', 'b'] } }
    expect(await gateway.send(twice)).toBe('refused ambiguous-key')
    const lenient = replica(webs(4), { key: header('x-session', { repeated: 'last' }) })
    expect(await lenient.send(twice)).toBe(await lenient.send('b'))
    expect(lenient.sticky.stats().bindings).toBe(1)
  })
})

describe('4. Source order', () => {
  const KEY = firstOf(header('x-session'), query('session'), cookie('session'))

  it('header, then query, then cookie: the first non-empty wins', async () => {
    const gateway = replica(webs(9), { key: KEY })
    const of = async (key: string) => gateway.send(key)
    const [a, b, c] = [await of('key-a'), await of('key-b'), await of('key-c')]
    const cookies = { cookie: 'session=key-c' }
    const url = '/?session=key-b'
    expect(await gateway.send({ headers: { 'x-session': 'key-a', ...cookies }, url })).toBe(a)
    expect(await gateway.send({ headers: { 'x-session': '', ...cookies }, url })).toBe(b)
    expect(await gateway.send({ headers: cookies, url })).toBe(b)
    expect(await gateway.send({ headers: cookies, url: '/?session=' })).toBe(c)
    expect(gateway.sticky.stats().bindings).toBe(3)
  })

  it('a WebSocket with only the query reaches the same pod as a fetch with only the header', async () => {
    const gateway = replica(webs(9), { key: KEY })
    for (const key of keysNamed('user', 30)) {
      const fetched = await gateway.send(key)
      const upgrade = {
        headers: { upgrade: 'websocket', connection: 'Upgrade' },
        url: `/chat?session=${key}`,
      }
      expect(await gateway.send(upgrade)).toBe(fetched)
    }
  })
})

describe('23. Explain', () => {
  it('for any request it says in one line key source, hit or miss, reason and identity, and never the key', async () => {
    const gateway = replica(webs(3), { onLost: { unreachable: 'detour' }, minMoveIntervalMs: 0 })
    const key = 's3cr3t-k3y'
    const lines: string[] = []
    const ask = async (request?: Parameters<typeof gateway.route>[0]) => {
      const route = await gateway.route(request)
      lines.push(route.explain())
      return route
    }
    const bound = await ask(key)
    const home = bound.kind === 'bound' ? bound.endpoint.identity : expect.unreachable()
    await ask(key)
    await ask()
    const refused = await ask({ headers: { 'x-session': [key, key] } })
    const detour = await (await ask(key)).next(new Error('ECONNREFUSED'))
    lines.push(detour.explain())
    gateway.discovery.emit(webs(3).filter(({ name }) => name !== home))
    const moved = await ask(key)
    gateway.discovery.emit([])
    await ask(key)
    for (const line of lines) {
      expect(line).toMatch(/^header x-session: [^\n]+$/)
      expect(line).not.toContain(key)
    }
    const to = (route: object) => (route as { endpoint: { identity: string } }).endpoint.identity
    expect(lines[0]).toBe(`header x-session: miss, bound to ${home}`)
    expect(lines[1]).toBe(`header x-session: hit, stuck to ${home}`)
    expect(lines[2]).toMatch(/^header x-session: no key, balanced to web-[123]$/)
    expect(refused.kind).toBe('refused')
    expect(lines[3]).toMatch(/^header x-session: refused, ambiguous-key: /)
    expect(lines[5]).toBe(`header x-session: hit, ${home} is lost (unreachable), detour to ${to(detour)}`)
    expect(lines[6]).toBe(`header x-session: hit, ${home} is lost (gone), moved to ${to(moved)}`)
    expect(lines[7]).toBe('header x-session: refused, no-endpoints: no endpoint takes new keys')
  })
})
