import { describe, expect, it } from 'vitest'
import { envoyMaglev, haproxyHash, nginxHash } from '../../src/parity/index.ts'
import { type MappingOf, type SimulatedEndpoint, simulate } from '../../src/simulate/index.ts'

const nginx: MappingOf = (pods) =>
  nginxHash({
    method: 'hash consistent',
    key: '$http_x_session',
    servers: pods.map(({ address, weight }) => ({ server: address, weight })),
  })

const haproxy = (pods: readonly SimulatedEndpoint[]) =>
  haproxyHash({
    balance: 'hdr(x-session)',
    hashType: 'consistent',
    servers: pods.map(({ identity, host, port }) => ({ name: identity, address: host, port })),
  })

/** A HAProxy that keeps its servers and checks them. */
function checkedHaproxy(): MappingOf {
  const servers = new Map<string, SimulatedEndpoint>()
  return (pods) => {
    for (const pod of pods) servers.set(pod.identity, pod)
    const up = new Set(pods.map(({ identity }) => identity))
    return haproxy([...servers.values()]).without(
      new Set([...servers.keys()].filter((name) => !up.has(name))),
    )
  }
}

describe('simulate() with the schemes of proxies', () => {
  it('knows the server that a scheme picks by its address or its name', async () => {
    const mappings = {
      nginx,
      haproxy,
      envoy: (pods: readonly SimulatedEndpoint[]) =>
        envoyMaglev({
          hashPolicy: [{ header: 'x-session' }],
          hosts: pods.map(({ address }) => ({ address })),
        }),
    }
    const { mappings: played } = await simulate({ endpoints: 5, bindings: 2_000, mappings }, [])
    for (const { mapping, placed } of played) {
      expect(
        placed.endpoints.map(({ bindings }) => bindings > 0),
        mapping,
      ).toEqual(Array(5).fill(true))
    }
  })

  it('shows that a restart under another address leaves keys elsewhere, and renumbered servers move them for nothing', async () => {
    const mappings = { nginx, haproxy, checked: checkedHaproxy() }
    const pool = { endpoints: 6, bindings: 2_000, mappings }
    const { mappings: played } = await simulate(pool, [{ kind: 'restart', endpoints: ['web-2'] }])
    const [ofNginx, ofHaproxy, ofChecked] = played.map(({ changes: [change] }) => change)
    expect(ofNginx).toMatchObject({ unneeded: 0 })
    expect(ofNginx?.elsewhere).toBeGreaterThan(300)
    expect(ofHaproxy).toMatchObject({ elsewhere: 0 })
    expect(ofHaproxy?.unneeded).toBeGreaterThan(1_000)
    expect(ofChecked).toMatchObject({ unneeded: 0, elsewhere: 0 })
    expect(ofChecked?.moved).toBeGreaterThan(200)
  })
})
