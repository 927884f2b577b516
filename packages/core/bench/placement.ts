/** What a choice of a balancer costs, by the number of endpoints, beside hashing key and identity together with md5. */
import { createHash } from 'node:crypto'
import {
  type Balancer,
  endpointSet,
  first,
  leastBound,
  leastRequests,
  type PickContext,
  preferZone,
  random,
  rendezvous,
  roundRobin,
} from '../src/index.ts'
import { interleaved, isShort } from './support/interleaved.ts'
import { WireKeys } from './support/wire-keys.ts'

let chosen = 0

for (const size of isShort ? [3, 100] : [3, 100, 5_000]) {
  const set = endpointSet(
    Array.from({ length: size }, (_, index) => ({
      name: `pod-${index}`,
      host: 'a',
      port: 80,
      zone: `zone-${index % 3}`,
    })),
  )
  // As a table has them: counts by identity, near each other.
  const bound = new Map(set.endpoints.map(({ identity }, index) => [identity, 1_000 + (index % 7)]))
  const keys = new WireKeys(1_024)
  const context = {
    key: '',
    skips: () => false,
    inFlight: () => 0,
    overflows: () => undefined,
    totalInFlight: () => 0,
    bound: ({ identity }) => bound.get(identity) ?? 0,
    random: Math.random,
  } satisfies PickContext
  const picks = (name: string, balancer: Balancer) => ({
    name,
    run(operations: number) {
      for (let i = 0; i < operations; i++) {
        context.key = keys.next()
        if (balancer.pick(set, context)) chosen++
      }
    },
  })
  const naive: Balancer = {
    name: 'naive',
    pick({ placeable }, { key }) {
      let best = placeable[0]
      let highest = ''
      for (const endpoint of placeable) {
        const hash = createHash('md5').update(`${key}${endpoint.identity}`).digest('hex')
        if (hash > highest) [highest, best] = [hash, endpoint]
      }
      return best
    },
  }
  interleaved(
    `a new key, ${size} endpoints`,
    [
      picks('rendezvous', rendezvous()),
      picks('random', random()),
      picks('roundRobin', roundRobin()),
      picks('leastRequests', leastRequests()),
      picks('leastBound', leastBound()),
      picks('first', first({ maxRequests: 10 })),
      picks('preferZone(rendezvous)', preferZone('zone-1', rendezvous)),
      ...(size <= 100 ? [picks('rendezvous by md5 of key and identity', naive)] : []),
    ],
    size,
  )
}

if (chosen === 0) throw new Error('nothing was chosen')
