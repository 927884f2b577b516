import { Session } from 'node:inspector/promises'
import { describe, expect, it } from 'vitest'
import { consistentHash } from '../../src/hash/make-consistent-hash.ts'
import type { Member } from '../../src/hash/member.ts'

interface Sampled {
  readonly callFrame: { readonly url: string }
  readonly selfSize: number
  readonly children: readonly Sampled[]
}

/** Bytes that functions of the library allocate, garbage included, while `run` runs. */
async function bytesAllocated(run: () => void): Promise<number> {
  const session = new Session()
  session.connect()
  await session.post('HeapProfiler.startSampling', {
    samplingInterval: 1_024,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  })
  run()
  const { profile } = await session.post('HeapProfiler.stopSampling')
  session.disconnect()
  const bytesOf = ({ callFrame, selfSize, children }: Sampled): number =>
    (callFrame.url.includes('/src/hash/') ? selfSize : 0) +
    children.reduce((sum, child) => sum + bytesOf(child), 0)
  return bytesOf(profile.head as Sampled)
}

const MEMBERS: Member[] = Array.from({ length: 12 }, (_, i) => ({
  identity: `web-${i}`,
  weight: 1 + (i % 3),
}))
const KEYS = Array.from({ length: 1_000 }, (_, i) => `session-${i}-0000-4000-8000`)
const BYTES = KEYS.map((key) => Buffer.from(key, 'latin1'))
const PICKS = 50_000
/** One byte for a pick would be 50 000; what remains is V8's own, when it compiles again. */
const MOST_BYTES = PICKS / 2

describe.each(['ring', 'rendezvous', 'maglev'] as const)('pick by %s', (algorithm) => {
  const hash = consistentHash(MEMBERS, { algorithm })
  const skip = ({ identity }: Member) => identity === 'web-7'
  const bounded = { skip, load: () => 1, total: 100, bound: 1.25 }
  let picked = 0
  const picks: Readonly<Record<string, () => void>> = {
    text: () => {
      for (let i = 0; i < PICKS; i++) if (hash.pick(KEYS[i % KEYS.length] as string)) picked++
    },
    bytes: () => {
      for (let i = 0; i < PICKS; i++) if (hash.pick(BYTES[i % BYTES.length] as Uint8Array)) picked++
    },
    'text within a bound': () => {
      for (let i = 0; i < PICKS; i++) if (hash.pick(KEYS[i % KEYS.length] as string, bounded)) picked++
    },
  }

  it.each(Object.keys(picks))('allocates nothing: %s', { timeout: 30_000 }, async (name) => {
    const run = picks[name] as () => void
    // Until V8 has compiled it, which a busy machine puts off: interpreted code keeps numbers above 31 bits on the heap.
    let least = Number.POSITIVE_INFINITY
    for (let tries = 0; tries < 20 && least >= MOST_BYTES; tries++) {
      for (let i = 0; i < 3; i++) run()
      least = Math.min(least, await bytesAllocated(run))
    }
    expect(least).toBeLessThan(MOST_BYTES)
    expect(picked).toBeGreaterThan(0)
  })
})
