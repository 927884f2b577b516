import { describe, expect, it } from 'vitest'
import { createSticky } from '../../../src/index.ts'
import { envoyMaglev, envoyRingHash, parityKey, parityTable } from '../../../src/parity/index.ts'
import { served } from '../../support/pool.ts'

const addresses = ['10.0.0.1:8080', '10.0.0.2:8080', '10.0.0.3:8080', '10.0.0.4:8080']

describe.each([
  ['envoyRingHash', envoyRingHash],
  ['envoyMaglev', envoyMaglev],
] as const)('a pool that agrees with Envoy by %s', (_name, make) => {
  it('routes where the scheme says, also by several lines and several policies', async () => {
    const scheme = make({
      hosts: addresses.map((address) => ({ address })),
      hashPolicy: [{ header: 'x-session' }, { cookie: 'sid' }],
    })
    const pool = createSticky({
      key: parityKey(scheme),
      endpoints: addresses.map((address) => `http://${address}`),
      table: parityTable(scheme),
    })
    const reached = new Set<string>()
    for (let i = 0; i < 40; i++) {
      const lines = ['x-session', `b${i}`, 'x-session', `a${i}`, 'cookie', `sid=${i}`]
      const request = { headers: {}, rawHeaders: lines.slice(0, 2 + 2 * (i % 3)) }
      const route = served(pool.route(request))
      const address = `${route.endpoint.host}:${route.endpoint.port}`
      expect(address).toBe(scheme.pick(scheme.key(request) as Uint8Array)?.name)
      reached.add(address)
      route.done()
    }
    expect(reached.size).toBe(4)
    await pool.close()
  })
})
