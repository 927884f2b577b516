/**
 * What a hash is worth, and what it holds: peak share to mean share, keys that move without need, retained memory. Figures of
 * memory are those of a process of its own: `hash-quality.ts memory <members> <weight>` measures one.
 */
import { spawnSync } from 'node:child_process'
import { type ConsistentHashOptions, consistentHash } from '../src/hash/make-consistent-hash.ts'
import type { Member } from '../src/hash/member.ts'
import { nodeNames } from './support/hash-peers.ts'
import { goal, isShort } from './support/interleaved.ts'

const members = (count: number, weight = 1): Member[] =>
  nodeNames(count).map((identity) => ({ identity, weight }))

function retainedBytes(count: number, weight: number): number {
  const gc = globalThis.gc as () => void
  const list = members(count, weight)
  // What is compiled or made once is no part of a hash.
  consistentHash(list).pick('a')
  const used = () => {
    gc()
    gc()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    return heapUsed + arrayBuffers
  }
  const before = used()
  const hash = consistentHash(list)
  const bytes = used() - before
  if (hash.pick('a') === undefined) throw new Error('nothing was placed')
  return bytes
}

function peak(count: number, options: ConsistentHashOptions): number {
  return Math.max(...consistentHash(members(count), options).shares().values()) * count
}

/** Part of the keys that move between two members that both stay as they are. */
function unneeded(from: Member[], to: Member[], options: ConsistentHashOptions): number {
  const [before, after] = [consistentHash(from, options), consistentHash(to, options)]
  const weights = new Map(to.map(({ identity, weight }) => [identity, weight]))
  const same = new Set(
    from.filter(({ identity, weight }) => weights.get(identity) === weight).map(({ identity }) => identity),
  )
  const keys = isShort ? 5_000 : 200_000
  let moved = 0
  for (let i = 0; i < keys; i++) {
    const source = before.pick(`session-${i}`)?.identity as string
    const target = after.pick(`session-${i}`)?.identity as string
    if (source !== target && same.has(source) && same.has(target)) moved++
  }
  return moved / keys
}

const [, file, isMemory, count, weight] = process.argv
if (isMemory !== undefined) console.log(retainedBytes(Number(count), Number(weight)))
else {
  console.log('\nretained by a ring, in bytes')
  const measured = (size: number, each: number): number => {
    const args = [
      '--expose-gc',
      '--conditions=@limpet/source',
      file as string,
      'memory',
      String(size),
      String(each),
    ]
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    if (status !== 0) throw new Error(stderr)
    return Number(stdout)
  }
  goal('1 000 members', measured(1_000, 1), 1_200_000)
  for (const [size, each] of [
    [5_000, 1],
    [5_000, 256],
  ] as const) {
    console.log(`  ${size} members of weight ${each}: ${measured(size, each).toLocaleString('en')}`)
  }

  console.log('\npeak share to mean share, exact')
  for (const [size, most] of [
    [10, 1.15],
    [100, 1.18],
    [1_000, 1.22],
  ] as const) {
    goal(`ring, ${size} members`, peak(size, { algorithm: 'ring' }), most)
  }
  for (const size of [10, 100, 500])
    goal(`maglev, ${size} members`, peak(size, { algorithm: 'maglev' }), 1.01)
  console.log(`  maglev, 1000 members: ${peak(1_000, { algorithm: 'maglev' }).toFixed(3)}`)

  console.log('\nkeys that move although their member stays as it is')
  const heavier = (list: Member[]) => list.with(3, { identity: list[3]?.identity as string, weight: 2 })
  for (const size of [10, 100]) {
    for (const algorithm of ['ring', 'rendezvous', 'maglev'] as const) {
      const changes = [members(size + 1), members(size).toSpliced(3, 1), heavier(members(size))]
      const [added, removed, weighted] = changes.map((to) => unneeded(members(size), to, { algorithm }))
      const worst = Math.max(added as number, removed as number, weighted as number)
      if (algorithm === 'maglev') console.log(`  maglev, ${size} members: ${(worst * 100).toFixed(2)} %`)
      else goal(`${algorithm}, ${size} members: one more, one less, another weight`, worst, 0)
    }
  }
}
