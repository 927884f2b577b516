import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { clusterApi } from '../../../src/discovery/kubernetes/api/cluster-api.ts'
import {
  type Disturbance,
  type FakeKubernetes,
  fakeKubernetes,
  type WatchEnding,
} from '../../../src/testing/index.ts'
import { hurriedClock } from '../../support/hurried-clock.ts'
import { until } from '../../support/until.ts'
import { Followed, slice } from './support.ts'

const FOREVER = Number.POSITIVE_INFINITY

let server: FakeKubernetes
let web: Followed
let directory: string

beforeEach(async () => {
  server = await fakeKubernetes({ bookmarkEveryMs: 20 })
  server.put(slice('web-a', { 'web-0': 1, 'web-1': 2 }))
  server.put(slice('web-b', { 'web-2': 3 }))
  directory = mkdtempSync(join(tmpdir(), 'limpet-'))
})
afterEach(async () => {
  await web.end()
  await server.close()
  rmSync(directory, { recursive: true })
})

async function followed(options: ConstructorParameters<typeof Followed>[1] = {}): Promise<void> {
  web = new Followed(server, options)
  await web.knows('web-0', 'web-1', 'web-2')
  await server.watched(1)
}

/** What happens while nobody watches: a slice changes and one goes, and nobody remembers how. */
function change(): void {
  server.put(slice('web-a', { 'web-0': 1, 'web-3': 4 }))
  server.remove('EndpointSlice', 'default', 'web-b')
}

describe('kubernetes() knows what there is', () => {
  it.each(['served', 'refused'] as const)('after 410 as a status, watch-list %s', async (watchList) => {
    server.setWatchList(watchList)
    await followed()
    server.disturb({ kind: 'gone', as: 'status', on: { verb: 'watch' } })
    server.endWatches('reset')
    change()
    server.compact()
    await web.knows('web-0', 'web-3')
  })

  it.each(['served', 'refused'] as const)('after 410 as an event, watch-list %s', async (watchList) => {
    server.setWatchList(watchList)
    await followed()
    change()
    server.compact()
    server.endWatches('gone')
    await web.knows('web-0', 'web-3')
    // A server may forget: nobody is told of it.
    expect(web.errors).toEqual([])
  })

  it.each(['end', 'reset', 'cut'] satisfies WatchEnding[])('after its watch has ended by %s', async (how) => {
    await followed()
    server.endWatches(how)
    change()
    await web.knows('web-0', 'web-3')
  })

  it('after a connection went silent and stayed open', async () => {
    await followed({ clock: hurriedClock(50), silenceMs: 10_000, retryBaseMs: 200, retryMaxMs: 1_000 })
    server.bookmark()
    server.endWatches('silent')
    change()
    await web.knows('web-0', 'web-3')
    expect(web.errors[0]?.message).toContain('nothing came for 10000 ms')
  })

  const disturbances: readonly (readonly [string, Disturbance])[] = [
    ['a garbage line', { kind: 'line', text: '{"type":' }],
    ['a line of 9 MB', { kind: 'huge-line', bytes: 9_000_000 }],
    ['a stream cut in the middle of an event', { kind: 'cut', afterBytes: 500 }],
    ['a stream that ends well in the middle of an event', { kind: 'cut', afterBytes: 500, clean: true }],
    ['a reset after a few bytes', { kind: 'reset', afterBytes: 500 }],
    ['an answer of HTML', { kind: 'status', code: 200, body: '<html></html>' }],
    ['500', { kind: 'status', code: 500 }],
    ['502 without a Status', { kind: 'status', code: 502, body: 'bad gateway' }],
    ['503', { kind: 'status', code: 503 }],
    [
      '504 by a version that the server does not know yet',
      { kind: 'status', code: 504, reason: 'Timeout', message: 'Too large resource version: 99, current: 3' },
    ],
    ['a watch that ends at once', { kind: 'status', code: 200, body: '' }],
    ['an event without an object', { kind: 'line', text: '{"type":"MODIFIED"}' }],
    [
      'a slice that is none',
      { kind: 'line', text: '{"type":"MODIFIED","object":{"metadata":{"name":"web-x"},"endpoints":7}}' },
    ],
  ]
  it.each(disturbances)('after %s, thrice', async (_what, disturbance) => {
    server.disturb({ ...disturbance, times: 3 })
    web = new Followed(server)
    await web.knows('web-0', 'web-1', 'web-2')
    server.disturb({ ...disturbance, times: 3 })
    server.endWatches('reset')
    change()
    await web.knows('web-0', 'web-3')
  })

  it('though every answer comes in pieces of three bytes', async () => {
    server.disturb({ kind: 'chunks', bytes: 3, times: FOREVER })
    await followed()
    change()
    await web.knows('web-0', 'web-3')
    expect(web.errors).toEqual([])
  })

  it.each([429, 503])('after %d, and not before the server wanted to be asked again', async (code) => {
    const clock = hurriedClock(50)
    server.disturb({ kind: 'status', code, retryAfterSeconds: 10, times: 2 })
    await followed({ clock })
    // The first attempt may have been by watch-list, the last is the watch that stands.
    const [first, second, third] = server.requests
    for (const [before, after] of [
      [first, second],
      [second, third],
    ] as const) {
      expect(((after?.at ?? 0) - (before?.at ?? 0)) * 50).toBeGreaterThan(9_000)
    }
  })

  it('after its token was replaced, though the old one was refused', async () => {
    const tokenFile = join(directory, 'token')
    writeFileSync(tokenFile, server.token)
    await followed({ api: clusterApi({ server: server.url, ca: server.ca, tokenFile }) })
    server.setToken('second')
    server.endWatches('reset')
    expect((await web.failed(2)).message).toContain('401')
    change()
    writeFileSync(tokenFile, 'second')
    await web.knows('web-0', 'web-3')
  })

  it('after the server was away for 10 minutes, asking it a few times a minute', async () => {
    const clock = hurriedClock(500)
    await followed({ clock, retryBaseMs: 800, retryMaxMs: 30_000 })
    await server.stop()
    const from = clock.now()
    await until(() => (clock.now() - from > 600_000 ? true : undefined), '10 minutes')
    expect(web.names).toEqual(['web-0', 'web-1', 'web-2'])
    // 7 in the first minute, then at least every 30 s and at most every 15 s.
    expect(web.errors.length).toBeLessThanOrEqual(7 + 9 * 4)
    expect(web.errors.length).toBeGreaterThanOrEqual(5)
    expect(web.discovery.freshness.isCurrent).toBe(false)
    change()
    server.compact()
    await server.start()
    await web.knows('web-0', 'web-3')
    expect(web.discovery.freshness.isCurrent).toBe(true)
  })

  it('after a list whose pages expired under way', async () => {
    server.setWatchList('refused')
    server.disturb({ kind: 'gone', as: 'status', on: { verb: 'list' } })
    await followed({ pageSize: 1 })
    expect(server.requests.filter(({ verb }) => verb === 'list').map(({ query }) => query.limit)).toEqual([
      '1',
      undefined,
    ])
  })
})
