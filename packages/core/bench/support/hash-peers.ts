import ConsistentHash from 'consistent-hash'
import HashRing from 'hashring'
import { HashRing as Ketama } from 'ketama'
import NodeHashring from 'node-hashring'
import { consistentHash } from '../../src/hash/make-consistent-hash.ts'
import { isShort } from './interleaved.ts'

/** Places a key among nodes. */
export type Place = (key: string) => unknown

/** Names as pods have them. */
export function nodeNames(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `web-${i}.chat`)
}

/** Hash rings of these nodes by package; each with the number of points that it takes by default. */
export const HASHES: Readonly<Record<string, (nodes: readonly string[]) => Place>> = {
  ring: (nodes) => {
    const hash = consistentHash(nodes.map((identity) => ({ identity })))
    return (key) => hash.pick(key)
  },
  'consistent-hash': (nodes) => {
    const hash = new ConsistentHash()
    for (const node of nodes) hash.add(node)
    // It sorts its points when first asked.
    hash.get('')
    return (key) => hash.get(key)
  },
  'node-hashring': (nodes) => {
    const hash = new NodeHashring(nodes)
    return (key) => hash.findNode(key)
  },
  hashring: (nodes) => {
    const hash = new HashRing(nodes)
    return (key) => hash.get(key)
  },
  ketama: (nodes) => {
    const hash = new Ketama(nodes)
    return (key) => hash.getNode(key)
  },
}

/** Nodes of the large case. */
export const NODES: number = isShort ? 50 : 1_000
