import { describe, expect, it } from 'vitest'
import { StickyError } from '../src/error.ts'
import type { KeySource } from '../src/key/key-source.ts'
import { createSticky } from '../src/sticky.ts'
import type { StickyOptions } from '../src/sticky-options.ts'
import { memoryTable } from '../src/table/memory.ts'
import { fakeDiscovery } from '../src/testing/fake-discovery.ts'

const key: KeySource = { name: 'test key', read: () => 'k' }
const endpoints = ['http://10.0.0.1:80']

function failure(options: object): StickyError {
  try {
    createSticky({ key, endpoints, ...options } as StickyOptions)
  } catch (error) {
    if (error instanceof StickyError) return error
    throw error
  }
  return expect.unreachable(`accepted ${Object.keys(options)}`)
}

describe('options of createSticky', () => {
  it.each<[string, object]>([
    ['key', { key: undefined }],
    ['key', { key: 'x-session' }],
    ['key', { key: { name: 'header x-session' } }],
  ])('refuse %s of the wrong kind (%o)', (_name, options) => {
    expect(failure(options).message).toMatch(
      /^option "createSticky\.key": expected a KeySource such as header\('x-session'\) \(an object with read\(\)\), got /,
    )
  })

  it.each<[string, object]>([
    [
      'endpoints": expected a Discovery or a list of endpoints (an object with watch()), got undefined',
      { endpoints: undefined },
    ],
    [
      'endpoints": expected a Discovery or a list of endpoints (an object with watch()), got "http://10.0.0.1:80"',
      { endpoints: 'http://10.0.0.1:80' },
    ],
    [
      'table": expected a StickyTable (an object with lookup(), claim(), move(), touch(), release()), got an object',
      { table: new Map() },
    ],
    [
      'table": expected a StickyTable (an object with lookup(), claim(), move(), touch(), release()), got null',
      { table: null },
    ],
    ['placement": expected a Balancer (an object with pick()), got "random"', { placement: 'random' }],
    [
      `onLost": expected 'rebind', 'detour', 'fail', or an object with an action, got "hold"`,
      { onLost: 'hold' },
    ],
    [`onLost": expected 'rebind', 'detour', 'fail', or an object with an action, got null`, { onLost: null }],
    [
      `onLost.action": expected 'fail' or 'hold', got "rebind"`,
      { onLost: { action: 'rebind', status: 503 } },
    ],
    [
      `onLost.gone": expected 'rebind', 'detour', 'fail', or an object with an action, got "stay"`,
      { onLost: { gone: 'stay' } },
    ],
    [
      'onLost.lost" is unknown; known: gone, not-ready, terminated, drained, ejected, unreachable',
      { onLost: { lost: 'rebind' } },
    ],
    [
      'onLost.gone.limitMs": expected milliseconds from 1 to 2147483647, got undefined',
      { onLost: { gone: { action: 'hold' } } },
    ],
    [
      'onLost.maxWaiting": expected an integer from 1 to 1000000, got 0',
      { onLost: { action: 'hold', limitMs: 1, maxWaiting: 0 } },
    ],
    [
      `onLost.otherwise": expected 'rebind' or 'detour' or 'fail', got "hold"`,
      { onLost: { action: 'hold', limitMs: 1, otherwise: 'hold' } },
    ],
    ['confirmLoss.failures": expected an integer from 1 to 1000000, got 0', { confirmLoss: { failures: 0 } }],
    [
      'confirmLoss.afterMs": expected milliseconds from 0 to 2147483647, got -1',
      { confirmLoss: { afterMs: -1 } },
    ],
    ['minMoveIntervalMs": expected milliseconds from 0 to 2147483647, got -1', { minMoveIntervalMs: -1 }],
    ['maxBoundPerEndpoint": expected an integer from 1 to 100000000, got 0', { maxBoundPerEndpoint: 0 }],
    [`onCapacity": expected 'refuse' or 'unstored', got "queue"`, { onCapacity: 'queue' }],
    [
      'passiveHealth.connectFailures": expected an integer from 1 to 1000, got 0',
      { passiveHealth: { connectFailures: 0 } },
    ],
    [
      'passiveHealth.latency.factor": expected a number above 1, up to 1000, got 1',
      { passiveHealth: { latency: { factor: 1 } } },
    ],
    [
      'passiveHealth.maxEjectionMs": expected milliseconds from 2000 to 2147483647, got 1000',
      { passiveHealth: { ejectionMs: 2_000, maxEjectionMs: 1_000 } },
    ],
    [
      'passiveHealth.maxEjectedShare": expected a number from 0 to 1, got 50',
      { passiveHealth: { maxEjectedShare: 50 } },
    ],
    [
      'healthCheck": expected a HealthCheck such as httpCheck() makes (an object with probe()), got "/healthz"',
      { healthCheck: '/healthz' },
    ],
    [
      'slowStart.windowMs": expected milliseconds from 1 to 2147483647, got 0',
      { slowStart: { windowMs: 0 } },
    ],
    [
      'slowStart.from": expected a number above 0, at most 1, got 0',
      { slowStart: { windowMs: 1_000, from: 0 } },
    ],
    [
      'drainDeadlineMs": expected milliseconds from 1 to 2147483647, or Infinity, got 0',
      { drainDeadlineMs: 0 },
    ],
    ['onLost.status": expected an integer from 400 to 599, got undefined', { onLost: { action: 'fail' } }],
    [
      'onLost.status": expected an integer from 400 to 599, got 200',
      { onLost: { action: 'fail', status: 200 } },
    ],
    [
      'onLost.status": expected an integer from 400 to 599, got 600',
      { onLost: { action: 'fail', status: 600 } },
    ],
    ['onLost.code" is unknown; known: action, status', { onLost: { action: 'fail', status: 503, code: 1 } }],
    [`onTableError": expected 'fallback' or 'balance' or 'refuse', got "ignore"`, { onTableError: 'ignore' }],
    ['tableTimeoutMs": expected milliseconds from 1 to 2147483647, got 0', { tableTimeoutMs: 0 }],
    ['tableTimeoutMs": expected milliseconds from 1 to 2147483647, got null', { tableTimeoutMs: null }],
    [
      'tableTimeoutMs": expected milliseconds from 1 to 2147483647, got Infinity',
      { tableTimeoutMs: Infinity },
    ],
    ['startTimeoutMs": expected milliseconds from 0 to 2147483647, got -1', { startTimeoutMs: -1 }],
    ['startTimeoutMs": expected milliseconds from 0 to 2147483647, got "5s"', { startTimeoutMs: '5s' }],
    ['startTimeoutMs": expected milliseconds from 0 to 2147483647, got null', { startTimeoutMs: null }],
    ['maxWaiting": expected an integer from 0 to 1000000, got -1', { maxWaiting: -1 }],
    ['maxWaiting": expected an integer from 0 to 1000000, got 1.5', { maxWaiting: 1.5 }],
    ['maxWaiting": expected an integer from 0 to 1000000, got 1000001', { maxWaiting: 1_000_001 }],
    ['maxWaiting": expected an integer from 0 to 1000000, got null', { maxWaiting: null }],
    ['name": expected a name, got ""', { name: '' }],
    ['name": expected a name, got 7', { name: 7 }],
    ['clock": expected a Clock (an object with now(), after()), got an object', { clock: { now: Date.now } }],
    ['random": expected a function, got 0.5', { random: 0.5 }],
    [
      'ttl" is unknown; known: key, endpoints, table, countsAsUse, placement, onLost, confirmLoss, minMoveIntervalMs, maxBoundPerEndpoint, onCapacity, maxTries, passiveHealth, healthCheck, slowStart, drainDeadlineMs, clientAddress, onTableError, tableTimeoutMs, startTimeoutMs, maxWaiting, name, clock, random',
      { ttl: 1_000 },
    ],
  ])('are refused: %s', (message, options) => {
    const error = failure(options)
    expect(error.code).toBe('invalid-option')
    expect(error.message).toBe(`option "createSticky.${message}`)
  })

  it.each([undefined, null, 'http://10.0.0.1:80', []])('are refused if they are no object: %o', (options) => {
    expect(() => createSticky(options as never)).toThrow('option "createSticky": expected an object, got')
  })

  it('are refused for a bad or doubled endpoint, with the code of endpoints', () => {
    expect(failure({ endpoints: ['ftp://10.0.0.1'] }).code).toBe('invalid-endpoint')
    expect(failure({ endpoints: [{ host: '10.0.0.1', port: 80, weight: -1 }] }).code).toBe('invalid-endpoint')
    expect(failure({ endpoints: [...endpoints, ...endpoints] }).code).toBe('duplicate-identity')
  })

  it('start nothing when one of them is bad', () => {
    const discovery = fakeDiscovery()
    failure({ endpoints: discovery, random: 1 })
    expect(discovery.watches).toBe(0)
  })

  it.each<[string, Partial<StickyOptions>]>([
    ['a status of its own for a lost endpoint', { onLost: { action: 'fail', status: 409 } }],
    ['no wait for discovery', { startTimeoutMs: 0, maxWaiting: 0 }],
    ['the longest waits', { startTimeoutMs: 2 ** 31 - 1, tableTimeoutMs: 2 ** 31 - 1 }],
    ['no endpoint at all', { endpoints: [] }],
    ['a table of its own', { table: memoryTable() }],
  ])('may ask for %s', async (_what, options) => {
    await createSticky({ key, endpoints, ...options }).close()
  })

  it('may be written out with undefined for what is left to its default', async () => {
    const rest = { table: undefined, placement: undefined, onLost: undefined, onTableError: undefined }
    const times = { tableTimeoutMs: undefined, startTimeoutMs: undefined, maxWaiting: undefined }
    const tools = { name: undefined, clock: undefined, random: undefined }
    const options = { key, endpoints, ...rest, ...times, ...tools } as unknown as StickyOptions
    const sticky = createSticky(options)
    expect(await sticky.route({ headers: {} })).toMatchObject({ kind: 'bound' })
    await sticky.close()
  })
})
