import { describe, expect, it } from 'vitest'
import { cannotBuild, type Manifest, manifestsOf, one, type Workload } from './manifests.ts'
import { isAllowed, type Peer } from './network.ts'

type Connection = readonly [from: string, to: string, port: number]

describe.skipIf(cannotBuild)('the network policies', () => {
  const peers = (manifests: readonly Manifest[], name: string): Peer => {
    if (name === 'outside') return 'outside'
    return one<Workload>(manifests, name === 'gateway' ? 'Deployment' : 'StatefulSet', name)
  }
  const isOpen = (overlay: 'memory' | 'valkey', [from, to, port]: Connection) => {
    const manifests = manifestsOf(overlay)
    return isAllowed(manifests, peers(manifests, from), peers(manifests, to), port)
  }

  it.each<Connection>([
    ['outside', 'gateway', 8080],
    ['gateway', 'web', 8080],
    ['web', 'gateway', 9090],
    ['gateway', 'valkey', 6379],
    // The API server.
    ['gateway', 'outside', 443],
    ['gateway', 'outside', 6443],
  ])('let %s reach %s at %i', (...connection) => {
    expect(isOpen('valkey', connection)).toBe(true)
    if (connection[1] !== 'valkey') expect(isOpen('memory', connection)).toBe(true)
  })

  it.each<Connection>([
    ['outside', 'gateway', 9090],
    ['outside', 'web', 8080],
    ['outside', 'valkey', 6379],
    ['web', 'valkey', 6379],
    ['web', 'web', 8080],
    ['web', 'outside', 443],
    ['valkey', 'outside', 443],
    ['gateway', 'outside', 80],
  ])('keep %s from %s at %i', (...connection) => {
    expect(isOpen('valkey', connection)).toBe(false)
  })
})
