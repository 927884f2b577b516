import {
  envoyMaglev,
  envoyRingHash,
  type HaproxyHashOptions,
  type HaproxyServerInit,
  haproxyHash,
  nginxHash,
  restyChash,
} from '@limpet/core/parity'
import type { SimulatedEndpoint, SimulatedMapping } from '@limpet/core/simulate'

const KEY = '$http_x_session'

/**
 * What the plots compare, in their order. A proxy's config is written anew with each change, by the addresses of the pods that are there, as
 * ingress controllers do.
 */
export const MAPPINGS: Readonly<Record<string, SimulatedMapping>> = {
  'Limpet table': 'table',
  'Limpet ring': 'ring',
  'Limpet rendezvous': 'rendezvous',
  'Limpet maglev': 'maglev',
  'nginx hash consistent': (pods) =>
    nginxHash({ method: 'hash consistent', key: KEY, servers: nginxServers(pods) }),
  'nginx hash': (pods) => nginxHash({ method: 'hash', key: KEY, servers: nginxServers(pods) }),
  'ingress-nginx chash': (pods) =>
    restyChash({
      flavour: 'ingress-nginx',
      upstreamHashBy: KEY,
      nodes: pods.map(({ address }) => ({ address })),
    }),
  'APISIX chash': (pods) => restyChash({ flavour: 'apisix', nodes: pods.map(node) }),
  'HAProxy consistent': (pods) => haproxy({ hashType: 'consistent', servers: pods.map(haproxyServer) }),
  'HAProxy consistent, weights × 100': (pods) =>
    haproxy({
      hashType: 'consistent',
      servers: pods.map((pod) => ({ ...haproxyServer(pod), weight: pod.weight * 100 })),
    }),
  'HAProxy consistent, hash-key addr-port': (pods) =>
    haproxy({ hashType: 'consistent', hashKey: 'addr-port', servers: pods.map(haproxyServer) }),
  'HAProxy map-based': (pods) => haproxy({ hashType: 'map-based', servers: pods.map(haproxyServer) }),
  'Envoy ring_hash': (pods) =>
    envoyRingHash({ hashPolicy: [{ header: 'x-session' }], hosts: pods.map(node) }),
  'Envoy maglev': (pods) => envoyMaglev({ hashPolicy: [{ header: 'x-session' }], hosts: pods.map(node) }),
}

function nginxServers(pods: readonly SimulatedEndpoint[]) {
  return pods.map(({ address, weight }) => ({ server: address, weight }))
}

function haproxy(options: Omit<HaproxyHashOptions, 'balance'>) {
  return haproxyHash({ balance: 'hdr(x-session)', ...options })
}

function haproxyServer({ identity, host, port, weight }: SimulatedEndpoint): HaproxyServerInit {
  return { name: identity, address: host, port, weight }
}

function node({ address, weight }: SimulatedEndpoint): { address: string; weight: number } {
  return { address, weight }
}
