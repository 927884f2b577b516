import { describe, it } from 'vitest'
import { type DnsDiscoveryOptions, dnsDiscovery } from '../../../src/discovery/dns/dns-discovery.ts'
import { dnsResolver } from '../../../src/discovery/dns/dns-resolver.ts'
import { nodeResolver } from '../../../src/discovery/dns/node-resolver.ts'
import type { Resolver } from '../../../src/discovery/dns/resolver.ts'
import type { EndpointInit } from '../../../src/endpoint/endpoint.ts'
import { discoveryConformance } from '../../../src/testing/discovery-conformance.ts'
import { fakeClock } from '../../../src/testing/fake-clock.ts'
import { DnsServer } from '../../support/dns-server.ts'
import type { TestRecord } from '../../support/dns-wire.ts'
import { settled } from '../../support/settled.ts'

const SERVICE = 'web.default.svc.cluster.local'

interface Case {
  readonly name: string
  readonly options: Omit<DnsDiscoveryOptions, 'resolver' | 'clock'>
  readonly records: (endpoints: readonly EndpointInit[]) => readonly TestRecord[]
  readonly resolver?: (server: DnsServer) => Resolver
}

const ofService = (endpoints: readonly EndpointInit[]): TestRecord[] =>
  endpoints.map(({ host }) => ({ name: SERVICE, type: 'A', ttl: 5, data: host as string }))
const ofPods = (endpoints: readonly EndpointInit[]): TestRecord[] =>
  endpoints.map(({ name, host }) => ({ name: `${name}.${SERVICE}`, type: 'A', ttl: 5, data: host as string }))
const ofSrv = (endpoints: readonly EndpointInit[]): TestRecord[] => [
  ...ofPods(endpoints),
  ...endpoints.map(({ name, port }) => {
    return {
      name: `_http._tcp.${SERVICE}`,
      type: 'SRV',
      ttl: 5,
      data: `0 50 ${port} ${name}.${SERVICE}`,
    } as const
  }),
]

const cases: Case[] = [
  {
    name: 'dnsDiscovery of a headless Service',
    options: { names: `${SERVICE}.`, port: 8080 },
    records: ofService,
  },
  {
    name: 'dnsDiscovery of a headless Service by the resolver of node',
    options: { names: `${SERVICE}.`, port: 8080 },
    records: ofService,
    resolver: (server) => nodeResolver({ servers: [server.address] }),
  },
  {
    name: 'dnsDiscovery of SRV records',
    options: { names: `_http._tcp.${SERVICE}.`, type: 'SRV' },
    records: ofSrv,
  },
  {
    name: 'dnsDiscovery of the pods of a StatefulSet',
    options: {
      names: { statefulSet: 'pod', service: 'web', namespace: 'default', replicas: 3, firstOrdinal: 1 },
      port: 8080,
      emptyAfterMs: 0,
    },
    records: ofPods,
  },
]

for (const { name, options, records, resolver } of cases) {
  discoveryConformance({
    registry: { describe, it },
    name,
    create: async (endpoints) => {
      const server = await DnsServer.start()
      server.records = records(endpoints)
      // Two clocks: the discovery's runs ahead to the next refresh, and that must not time out a query under way.
      const clock = fakeClock()
      const made =
        resolver?.(server) ??
        dnsResolver({ servers: [server.address], resolvConf: false, clock: fakeClock() })
      return {
        discovery: dnsDiscovery({ ...options, resolver: made, clock }),
        async change(next) {
          server.records = records(next)
          const asked = new Set(server.queries.map(({ name: owner, type }) => `${owner} ${type}`))
          const seen = server.queries.length
          const isSeen = () => {
            const since = server.queries.slice(seen).map(({ name: owner, type }) => `${owner} ${type}`)
            return [...asked].every((query) => since.includes(query))
          }
          while (!isSeen()) {
            clock.advance(1_000)
            await settled()
          }
        },
        close: () => server[Symbol.asyncDispose](),
      }
    },
  })
}
