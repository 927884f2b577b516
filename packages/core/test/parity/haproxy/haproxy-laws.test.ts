import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { StickyError } from '../../../src/error.ts'
import { SlotMap } from '../../../src/parity/haproxy/slot-map.ts'
import { type HaproxyHashOptions, type HaproxyServerInit, haproxyHash } from '../../../src/parity/index.ts'
import { drawing, randomBackend } from './random-backend.ts'

const server = fc.record(
  {
    id: fc.oneof(fc.integer({ min: 1, max: 2 ** 32 - 1 }), fc.integer({ min: 1, max: 12 })),
    weight: fc.oneof(
      { weight: 5, arbitrary: fc.integer({ min: 0, max: 4 }) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 256 }) },
    ),
    backup: fc.boolean(),
    disabled: fc.boolean(),
  },
  { requiredKeys: [] },
)

const servers = fc
  .uniqueArray(server, {
    minLength: 1,
    maxLength: 9,
    comparator: (a, b) => a.id !== undefined && a.id === b.id,
  })
  .map((all): HaproxyServerInit[] => all.map((each, i) => ({ name: `s${i}`, ...each })))

const options: fc.Arbitrary<HaproxyHashOptions> = fc.record({
  servers,
  balance: fc.constantFrom('hdr(x)', 'hash req.hdr(x)', 'source'),
  hashType: fc.constantFrom('consistent', 'map-based'),
  fn: fc.constantFrom(undefined, 'sdbm', 'none'),
  idMode: fc.constantFrom('classic', '3.0-regression'),
  allBackups: fc.boolean(),
  retries: fc.integer({ min: 0, max: 9 }),
  redispatch: fc.constantFrom(false, true, 1, 2, 3),
})

const keys = Array.from({ length: 60 }, (_, i) => Buffer.from(i === 0 ? '' : `${i * 7_654_321}-key`))

describe('without', () => {
  it('is the backend with those servers disabled, in one step or in several', { timeout: 30_000 }, () => {
    fc.assert(
      fc.property(
        options,
        fc.array(fc.nat({ max: 8 })),
        fc.array(fc.nat({ max: 8 })),
        (given, some, others) => {
          const names = (numbers: readonly number[]) => new Set(numbers.map((number) => `s${number}`))
          const down = new Set([...names(some), ...names(others), 'unknown'])
          // The ids in force are those of all servers.
          const ids = haproxyHash(given).servers.map(({ id }) => id)
          const rebuilt = haproxyHash({
            ...given,
            servers: given.servers.map((each, i) => ({
              ...each,
              id: ids[i],
              disabled: each.disabled === true || down.has(each.name),
            })),
          })
          const oneStep = haproxyHash(given).without(down)
          const twoSteps = haproxyHash(given).without(names(some)).without(names(others))
          for (const key of keys) {
            const tried = [...rebuilt.attempts(key)].map(({ name }) => name)
            for (const scheme of [oneStep, twoSteps]) {
              expect(scheme.pick(key)?.name).toBe(rebuilt.pick(key)?.name)
              expect([...scheme.attempts(key)].map(({ name }) => name)).toEqual(tried)
            }
          }
        },
      ),
    )
  })

  it('answers itself if nobody goes', () => {
    const scheme = haproxyHash({ servers: [{ name: 'a' }, { name: 'b' }], balance: 'hdr(x)' })
    expect(scheme.without(new Set(['c']))).toBe(scheme)
    const onlyB = scheme.without(new Set(['a']))
    expect(onlyB.without(new Set(['a']))).toBe(onlyB)
    expect(onlyB.without(new Set(['b'])).pick(Buffer.from('k'))).toBeUndefined()
    expect([...onlyB.without(new Set(['b'])).attempts(Buffer.from('k'))]).toEqual([])
  })

  it('moves only the keys of the servers that go, on a ring', () => {
    const whole = haproxyHash({
      servers: Array.from({ length: 12 }, (_, i) => ({ name: `s${i}`, weight: 1 + (i % 3) })),
      balance: 'hdr(x)',
      hashType: 'consistent',
    })
    const less = whole.without(new Set(['s3', 's7']))
    const many = Array.from({ length: 3000 }, (_, i) => Buffer.from(`key ${i}`))
    const kept = many.filter((key) => !['s3', 's7'].includes(whole.pick(key)?.name as string))
    expect(kept.length).toBeGreaterThan(2000)
    for (const key of kept) expect(less.pick(key)?.name).toBe(whole.pick(key)?.name)
  })
})

it('attempts begins with pick, and are one more than retries', { timeout: 30_000 }, () => {
  fc.assert(
    fc.property(options, (given) => {
      const scheme = haproxyHash(given)
      for (const key of keys) {
        const attempts = [...scheme.attempts(key)]
        expect(attempts[0]).toBe(scheme.pick(key))
        if (attempts.length > 0) expect(attempts.length).toBe((given.retries as number) + 1)
      }
    }),
  )
})

it('the map is dealt as HAProxy deals it, one slot after the other', () => {
  const shares = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 2, maxLength: 20 })
  fc.assert(
    fc.property(shares, (all) => {
      const size = all.reduce((sum, share) => sum + share, 0)
      const scores = all.map(() => 0)
      const map = new SlotMap(all.map((share, index) => ({ share, index })))
      for (let slot = 0; slot < size; slot++) {
        for (const [i, share] of all.entries()) scores[i] = (scores[i] as number) + share
        const levels = scores.map((score) => Math.floor((score + size) / size))
        const winner = levels.indexOf(Math.max(...levels))
        scores[winner] = (scores[winner] as number) - size
        expect(map.at(slot)).toBe(winner)
      }
    }),
  )
})

describe('parse of any text', () => {
  const lines = [0, 1, 2, 3].flatMap((seed) =>
    randomBackend('b', seed, drawing(seed)).replaceAll('ANSWERS', '10.0.0.1:80').split('\n'),
  )
  const words = [...new Set(lines.flatMap((line) => line.trim().split(/\s+/)))]
  const more = [
    'defaults',
    'listen',
    'global',
    'from',
    'no',
    'option',
    'transparent',
    'use-server',
    'guid',
    'hash-key',
    'addr',
    '\\x41',
    '"',
    "'",
    '#',
    '$A',
    '"$A"',
    '[::1]:80',
    '__proto__',
    'constructor',
    '-1',
    '99999999999',
  ]
  const line = fc.array(fc.constantFrom(...words, ...more), { maxLength: 9 }).map((all) => all.join(' '))
  const text = fc
    .array(fc.oneof(fc.constantFrom(...lines), line, fc.string()), { maxLength: 12 })
    .map((all) => all.join('\n'))

  it('is a scheme or an error that names a line', { timeout: 30_000 }, () => {
    let schemes = 0
    fc.assert(
      fc.property(
        text,
        fc.constantFrom('', 'backend b\n balance hdr(x)\n server a 10.0.0.1:1\n'),
        (tail, head) => {
          try {
            const scheme = haproxyHash.parse(head + tail)
            schemes++
            expect(scheme.servers.length).toBeGreaterThan(0)
          } catch (error) {
            const { code, message } = error as StickyError
            expect(`${code} ${message}`).toMatch(
              /^(proxy-config HAProxy config, line \d+: |invalid-option option ")/,
            )
          }
        },
      ),
      { numRuns: 2000 },
    )
    expect(schemes).toBeGreaterThan(50)
  })

  it('takes its time by the length of the text', { timeout: 60_000 }, () => {
    const big = [
      `${'  http-request set-header a b\n'.repeat(100_000)}`,
      `${'defaults d\n'.repeat(300_000)}`,
      `  server "${'\\\\'.repeat(30_000)}`,
      `  server ${'a'.repeat(60_000)} ${':'.repeat(5000)}`,
      `${'  default-server weight 3 backup\n'.repeat(100_000)}`,
    ]
    const start = performance.now()
    for (const tail of big) {
      try {
        haproxyHash.parse(`backend b\n  balance hdr(x)\n  server a 10.0.0.1:1\n${tail}`)
      } catch (error) {
        expect(error).toMatchObject({ code: 'proxy-config' })
      }
    }
    expect(performance.now() - start).toBeLessThan(30_000)
  })
})
