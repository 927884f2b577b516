/**
 * What a new key costs by consistent hash, beside the rings on npm. The keys come in turn, more of them than hashring remembers. Each peer has as
 * many points for a node as it takes by default: consistent-hash 40 at random places, ketama 50, node-hashring 80,
 * hashring 160, `ring` 100 with two probes.
 */
import { KeyLanes } from '../src/hash/key-lanes.ts'
import { consistentHash } from '../src/hash/make-consistent-hash.ts'
import { ringOf } from '../src/hash/ring.ts'
import { finished } from '../src/hash/steps.ts'
import { HASHES, NODES, nodeNames, type Place } from './support/hash-peers.ts'
import { goal, interleaved, isShort } from './support/interleaved.ts'
import { WireKeys } from './support/wire-keys.ts'

const wire = new WireKeys(8_192)
const keys = Array.from({ length: wire.count }, (_, i) => wire.at(i))
let placed = 0

/** Keys one after the other; each contender goes on where it was. */
function places(name: string, place: Place) {
  let next = 0
  return {
    name,
    run(operations: number) {
      for (let i = 0; i < operations; i++) {
        next = next + 1 === keys.length ? 0 : next + 1
        if (place(keys[next] as string)) placed++
      }
    },
  }
}

const nodes = nodeNames(NODES)
const rings = Object.entries(HASHES).map(([name, make]) => places(name, make(nodes)))
const ratio = interleaved(`a new key of 36 characters, ${NODES} nodes`, rings)
goal("ring's time to consistent-hash's", ratio('ring', 'consistent-hash'), 0.75)
goal("ring's time to hashring's", ratio('ring', 'hashring'), 1 / 25)
for (const name of ['node-hashring', 'ketama']) {
  console.log(`  ring's time to ${name}'s: ${ratio('ring', name).toPrecision(2)}`)
}

const natives = (['ring', 'rendezvous', 'maglev'] as const).map((algorithm) => {
  const hash = consistentHash(
    nodeNames(isShort ? 10 : 100).map((identity) => ({ identity })),
    { algorithm },
  )
  return places(algorithm, (key) => hash.pick(key))
})
interleaved('a new key, 100 nodes', natives, 4)

// The keys' hashes are made beforehand for the one, and nothing is done with them by the other.
const ring = finished(
  ringOf(
    nodes.map((identity) => ({ identity, weight: 1 })),
    0,
  ),
)
const lanes = new KeyLanes(1, 2)
const few = keys.slice(0, 4_096)
const first = new Uint32Array(few.length)
const second = new Uint32Array(few.length)
for (const [i, key] of few.entries()) {
  lanes.readText(key)
  first[i] = lanes.first
  second[i] = lanes.second
}
const ofHashes = interleaved(`the two parts of a pick, ${NODES} nodes`, [
  {
    name: 'hashing the key',
    run(operations) {
      for (let i = 0; i < operations; i++) {
        lanes.readText(few[i % few.length] as string)
        placed += lanes.first & 1
      }
    },
  },
  {
    name: 'finding the member by the hashes',
    run(operations) {
      for (let i = 0; i < operations; i++) {
        placed += ring.slotOf(first[i % few.length] as number, second[i % few.length] as number) & 1
      }
    },
  },
])
goal(
  "the search's time to the key hash's",
  ofHashes('finding the member by the hashes', 'hashing the key'),
  1 / 2,
)

if (placed === 0) throw new Error('nothing was placed')
