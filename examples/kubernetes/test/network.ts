import type {
  INetworkPolicy,
  INetworkPolicyPeer,
  INetworkPolicyPort,
} from 'kubernetes-models/networking.k8s.io/v1'
import { containerOf, type Manifest, ofKind, podOf, type Workload } from './manifests.ts'

type Labels = Readonly<Record<string, string>>

/** Who talks: a pod of a workload, or somebody who is none of this namespace's. */
export type Peer = Workload | 'outside'

export function labelsOf(workload: Workload): Labels {
  return podOf(workload).metadata?.labels ?? {}
}

/** Whether a selector takes these labels; an empty one takes all. */
export function selects(selector: { matchLabels?: Labels } | undefined, labels: Labels): boolean {
  return Object.entries(selector?.matchLabels ?? {}).every(([name, value]) => labels[name] === value)
}

/** Whether the policies let one connect to a port of the other, by its number: both ends must allow it. */
export function isAllowed(manifests: readonly Manifest[], from: Peer, to: Peer, port: number): boolean {
  const policies = ofKind<INetworkPolicy>(manifests, 'NetworkPolicy')
  return leaves(policies, from, to, port) && enters(policies, from, to, port)
}

function leaves(policies: readonly INetworkPolicy[], from: Peer, to: Peer, port: number): boolean {
  if (from === 'outside') return true
  const own = policiesFor(policies, from, 'Egress')
  const rules = own.flatMap(({ spec }) => spec?.egress ?? [])
  return own.length === 0 || rules.some((rule) => hasPeer(rule.to, to) && hasPort(rule.ports, to, port))
}

function enters(policies: readonly INetworkPolicy[], from: Peer, to: Peer, port: number): boolean {
  if (to === 'outside') return true
  const own = policiesFor(policies, to, 'Ingress')
  const rules = own.flatMap(({ spec }) => spec?.ingress ?? [])
  return own.length === 0 || rules.some((rule) => hasPeer(rule.from, from) && hasPort(rule.ports, to, port))
}

function policiesFor(policies: readonly INetworkPolicy[], workload: Workload, type: 'Ingress' | 'Egress') {
  return policies.filter(
    ({ spec }) => spec?.policyTypes?.includes(type) && selects(spec.podSelector, labelsOf(workload)),
  )
}

function hasPeer(peers: readonly INetworkPolicyPeer[] | undefined, peer: Peer): boolean {
  if (peers === undefined) return true
  if (peer === 'outside') return false
  return peers.some(
    ({ podSelector, namespaceSelector }) =>
      podSelector !== undefined && namespaceSelector === undefined && selects(podSelector, labelsOf(peer)),
  )
}

function hasPort(ports: readonly INetworkPolicyPort[] | undefined, to: Peer, number: number): boolean {
  if (ports === undefined) return true
  return ports.some(({ port, protocol = 'TCP' }) => {
    const meant =
      typeof port === 'string' && to !== 'outside'
        ? containerOf(to).ports?.find(({ name }) => name === port)?.containerPort
        : port
    return protocol === 'TCP' && meant === number
  })
}
