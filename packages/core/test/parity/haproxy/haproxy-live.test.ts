import { afterAll, beforeAll, expect, it } from 'vitest'
import type { RequestLike } from '../../../src/key/request-like.ts'
import { type HaproxyServer, haproxyHash, type ParityScheme } from '../../../src/parity/index.ts'
import { describeWith } from '../../support/real-program.ts'
import {
  bySource,
  dense,
  failing,
  nameOf,
  random,
  SEED,
  soleBackups,
  tiedAddresses,
  turns,
} from './live-backends.ts'
import { type LiveHaproxy, type RequestLines, startHaproxy } from './live-haproxy.ts'
import { drawing, randomLines } from './random-backend.ts'

const KEYS = 2000
const PHASES = 4

function requestOf(lines: RequestLines): RequestLike {
  return { headers: {}, rawHeaders: lines.flatMap((line) => ['X-Key', line]) }
}

/** The server that the scheme names; undefined where it says that HAProxy balances by other means. */
function named(scheme: ParityScheme<HaproxyServer>, lines: RequestLines): string | undefined {
  const key = scheme.key(requestOf(lines))
  return key && scheme.pick(key)?.name
}

describeWith('haproxy', 'a real HAProxy', () => {
  let haproxy: LiveHaproxy

  beforeAll(async () => {
    haproxy = await startHaproxy([...random, ...failing, ...bySource, ...soleBackups, ...turns, dense])
  })

  afterAll(() => haproxy.stop())

  it(`sends ${KEYS} requests each, if they have a key, to the servers that the scheme names, over ${PHASES} sets of servers`, {
    timeout: 60_000,
  }, async () => {
    let compared = 0
    for (let i = 0; i < random.length; i++) {
      const draw = drawing(SEED + 1000 + i)
      const whole = haproxyHash.parse(haproxy.config, { backend: `b${i}` })
      let down = new Set<string>()
      for (let phase = 0; phase < PHASES; phase++) {
        if (phase > 0) down = await changeDown(`b${i}`, whole, down, phase, draw)
        const scheme = whole.without(down)
        if (
          !scheme.servers.some(({ name, weight, isDisabled }) => weight > 0 && !isDisabled && !down.has(name))
        )
          continue
        const requests = Array.from({ length: KEYS / PHASES }, () => randomLines(draw))
        const answers = await haproxy.ask(`b${i}`, requests)
        const wrong = requests.flatMap((lines, at) => {
          const expected = named(scheme, lines)
          if (expected !== undefined) compared++
          return expected === undefined || expected === answers[at]
            ? []
            : [{ lines, expected, got: answers[at] }]
        })
        expect(wrong, `${random[i]}\ndown: ${[...down]}`).toEqual([])
      }
    }
    expect(compared).toBeGreaterThan(random.length * KEYS * 0.7)
  })

  it('tries servers in the order of attempts() while connections are refused', {
    timeout: 60_000,
  }, async () => {
    let failures = 0
    for (const backend of failing) {
      const name = nameOf(backend)
      const refusing = new Set([...backend.matchAll(/server (\S+) 127/g)].map(([, server]) => server))
      const scheme = haproxyHash.parse(haproxy.config, { backend: name })
      const keys = Array.from({ length: 30 }, (_, i) => `key-${i * 7919}`)
      const answers = await Promise.all(keys.map((key) => haproxy.askOnce(name, [key])))
      const expected = keys.map((key) => {
        const tried = [...scheme.attempts(Buffer.from(key))].map((server) => server.name)
        const at = tried.findIndex((server) => !refusing.has(server))
        failures += at < 0 ? tried.length : at
        return at < 0 ? { server: undefined, retries: tried.length - 1 } : { server: tried[at], retries: at }
      })
      expect(answers, backend).toEqual(expected)
    }
    expect(failures).toBeGreaterThan(500)
  })

  it("hashes the client's address", { timeout: 60_000 }, async () => {
    const draw = drawing(SEED + 3000)
    const schemes = bySource.map((backend) => haproxyHash.parse(haproxy.config, { backend: nameOf(backend) }))
    for (let i = 0; i < 100; i++) {
      const remoteAddress = `127.${draw(256)}.${draw(256)}.${1 + draw(254)}`
      const answers = await Promise.all(
        bySource.map((backend) => haproxy.ask(nameOf(backend), [[]], remoteAddress)),
      )
      const expected = schemes.map((scheme) => {
        const key = scheme.key({
          headers: {},
          socket: { remoteAddress: i % 2 ? `::ffff:${remoteAddress}` : remoteAddress },
        })
        return [key && scheme.pick(key)?.name]
      })
      expect(answers, remoteAddress).toEqual(expected)
    }
  })

  it('gives a hash that is equally far from two nodes to the one before it', async () => {
    const scheme = haproxyHash.parse(haproxy.config, { backend: 'dense' })
    const addresses = tiedAddresses()
    expect(addresses.length).toBeGreaterThan(10)
    for (const remoteAddress of addresses) {
      const key = scheme.key({ headers: {}, socket: { remoteAddress } }) as Uint8Array
      expect(await haproxy.ask('dense', [[]], remoteAddress)).toEqual([scheme.pick(key)?.name])
    }
  })

  it("has one backup server take everything, by HAProxy's own arithmetic", async () => {
    for (const backend of soleBackups) {
      const name = nameOf(backend)
      const scheme = haproxyHash.parse(haproxy.config, { backend: name })
      const values = [['a'], ['b'], ['c'], []]
      expect(await haproxy.ask(name, values), backend).toEqual(values.map((lines) => named(scheme, lines)))
    }
  })

  it('takes servers in turn where key() answers undefined, and one for an empty key that is hashed', async () => {
    const hdr = haproxyHash.parse(haproxy.config, { backend: 'hdr' })
    const hash = haproxyHash.parse(haproxy.config, { backend: 'hash' })
    for (const lines of [[], [''], [' \t'], [',q'], [' ,q'], ['', 'q']]) {
      const answers = await haproxy.ask('hdr', Array<RequestLines>(6).fill(lines))
      expect(new Set(answers).size, `hdr ${lines}`).toBe(3)
      expect(hdr.key(requestOf(lines)), `hdr ${lines}`).toBeUndefined()
    }
    expect(new Set(await haproxy.ask('hash', Array<RequestLines>(6).fill([]))).size).toBe(3)
    expect(hash.key(requestOf([]))).toBeUndefined()
    for (const lines of [[''], ['a,'], ['a', ' ']]) {
      expect(await haproxy.ask('hash', Array<RequestLines>(6).fill(lines))).toEqual(
        Array(6).fill(named(hash, lines)),
      )
    }
  })

  /** Sets other servers to maintenance; in later phases more of them. */
  async function changeDown(
    backend: string,
    scheme: ParityScheme<HaproxyServer>,
    before: ReadonlySet<string>,
    phase: number,
    draw: (limit: number) => number,
  ): Promise<Set<string>> {
    const enabled = scheme.servers.filter(({ isDisabled }) => !isDisabled).map(({ name }) => name)
    const down = new Set(enabled.filter(() => draw(PHASES) < phase))
    const commands = enabled
      .filter((name) => down.has(name) !== before.has(name))
      .map((name) => `set server ${backend}/${name} state ${down.has(name) ? 'maint' : 'ready'}`)
    if (commands.length > 0) await haproxy.command(commands)
    return down
  }
})
