/** What a hash costs to build and to change, beside the rings on npm, and how long its slices take the event loop. */
import { slicedHash } from '../src/hash/make-consistent-hash.ts'
import type { Member } from '../src/hash/member.ts'
import { HASHES, NODES, nodeNames } from './support/hash-peers.ts'
import { goal, interleaved, isShort, median } from './support/interleaved.ts'

const members = (count: number, weight = 1): Member[] =>
  nodeNames(count).map((identity) => ({ identity, weight }))
let built = 0

const nodes = nodeNames(NODES)
const repeated = (name: string, build: () => unknown) => ({
  name,
  run(operations: number) {
    for (let i = 0; i < operations; i++) if (build()) built++
  },
})

// hashring takes a second for one build, ketama as long; they have no goal here.
const peers = Object.entries(HASHES).filter(([name]) => name !== 'hashring' && name !== 'ketama')
const ofBuild = interleaved(
  `build of ${NODES} nodes`,
  peers.map(([name, make]) => repeated(name, () => make(nodes))),
  isShort ? 1_000 : 50_000,
)
goal("ring's time to consistent-hash's", ofBuild('ring', 'consistent-hash'), 0.1)

const many = isShort ? 200 : 5_000
const before = members(many)
const after = before.with(7, { identity: 'web-new.chat' })
const [ring, changed] = [slicedHash(before, {}), slicedHash(after, {})]
let turn = 0
const ofChange = interleaved(
  `one changed member of ${many}`,
  [
    repeated('a full build', () => slicedHash(before, {})),
    // What a pool does: each hash comes of the one before.
    repeated('with()', () => (turn++ % 2 === 0 ? ring.with(after) : changed.with(before))),
  ],
  isShort ? 1_000 : 25_000,
)
goal("a change's time to a full build's", ofChange('with()', 'a full build'), 0.1)

/** Processor time of each slice of a build in ms, compiling and garbage included, the longest first: other work of the machine is not in it. */
function slicesOf(list: Member[]): number[] {
  const slices: number[] = []
  for (const steps = slicedHash([], {}).withSteps(list); ; ) {
    const start = process.cpuUsage()
    const { done } = steps.next()
    const { user, system } = process.cpuUsage(start)
    slices.push((user + system) / 1_000)
    if (done) return slices.sort((one, other) => other - one)
  }
}

console.log('\na ring in slices, a turn of the event loop between two: medians of several builds')
const builds = isShort ? 3 : 15
const cases = isShort
  ? [[200, 4] as const]
  : ([
      [5_000, 1],
      [5_000, 2],
      [5_000, 256],
    ] as const)
for (const [count, weight] of cases) {
  const list = members(count, weight)
  const all = Array.from({ length: builds }, () => slicesOf(list))
  const total = median(all.map((slices) => slices.reduce((sum, ms) => sum + ms, 0)))
  const slices = all[0]?.length
  console.log(`  ${count} members of weight ${weight}: ${total.toFixed(0)} ms in ${slices} slices`)
  goal('  longest slice, ms', median(all.map(([longest]) => longest as number)), 10)
}
if (built === 0) throw new Error('nothing was built')
