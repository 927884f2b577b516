/** What a memory table costs: a hit, and a new key when it is full, beside lru-cache and a bare Map. */
import { LRUCache } from 'lru-cache'
import { memoryTable } from '../src/table/memory.ts'
import { interleaved, isShort } from './support/interleaved.ts'
import { WireKeys } from './support/wire-keys.ts'

const IDLE_TIMEOUT_MS = 10_800_000
const FULL = isShort ? 8_192 : 131_072

interface Stored {
  readonly identity: string
}

let found = 0

for (const [temperature, count] of [
  ['hot', 1_024],
  ['cold', FULL],
] as const) {
  const keys = new WireKeys(count)
  const table = memoryTable({ idleTimeoutMs: IDLE_TIMEOUT_MS, maxEntries: FULL })
  const cache = new LRUCache<string, Stored>({ max: FULL, ttl: IDLE_TIMEOUT_MS, updateAgeOnGet: true })
  const map = new Map<string, Stored>()
  for (let index = 0; index < count; index++) {
    const key = keys.at(index)
    table.claim(key, 'pod-1')
    cache.set(key, { identity: 'pod-1' })
    map.set(key, { identity: 'pod-1' })
  }
  interleaved(`hit, ${temperature} (${count} keys)`, [
    {
      name: 'memoryTable.lookup',
      run(operations) {
        for (let i = 0; i < operations; i++) if (table.lookup(keys.next())) found++
      },
    },
    {
      name: 'lru-cache, ttl + updateAgeOnGet',
      run(operations) {
        for (let i = 0; i < operations; i++) if (cache.get(keys.next())) found++
      },
    },
    {
      name: 'Map, no times, no order',
      run(operations) {
        for (let i = 0; i < operations; i++) if (map.get(keys.next())) found++
      },
    },
    {
      name: '(the cut of the key alone)',
      run(operations) {
        for (let i = 0; i < operations; i++) if (keys.next().length) found++
      },
    },
  ])
}

{
  // Four times as many keys as fit: when one comes again, it was evicted long ago.
  const keys = new WireKeys(4 * FULL)
  const table = memoryTable({ idleTimeoutMs: IDLE_TIMEOUT_MS, maxEntries: FULL })
  const cache = new LRUCache<string, Stored>({ max: FULL, ttl: IDLE_TIMEOUT_MS, updateAgeOnGet: true })
  const map = new Map<string, Stored>()
  // A live iterator, since a new one would walk over every key deleted since the map's last rehash.
  const oldest = map.keys()
  for (let index = 0; index < FULL; index++) {
    const key = keys.at(index)
    table.claim(key, 'pod-1')
    cache.set(key, { identity: 'pod-1' })
    map.set(key, { identity: 'pod-1' })
  }
  // Each contender meets every key once a cycle, whatever the others do.
  const inTurn = (): (() => string) => {
    let next = FULL
    return () => keys.at(next++ % keys.count)
  }
  const [forTable, forCache, forMap] = [inTurn(), inTurn(), inTurn()]
  interleaved(`new key, full (${FULL} keys)`, [
    {
      name: 'memoryTable.claim',
      run(operations) {
        for (let i = 0; i < operations; i++) if (table.claim(forTable(), 'pod-1').created) found++
      },
    },
    {
      name: 'lru-cache, get and set',
      run(operations) {
        for (let i = 0; i < operations; i++) {
          const key = forCache()
          if (cache.get(key) === undefined) cache.set(key, { identity: 'pod-1' })
        }
      },
    },
    {
      name: 'Map, get, delete the oldest and set',
      run(operations) {
        for (let i = 0; i < operations; i++) {
          const key = forMap()
          if (map.get(key) !== undefined) continue
          map.delete(oldest.next().value as string)
          map.set(key, { identity: 'pod-1' })
        }
      },
    },
  ])
}

if (found === 0) throw new Error('nothing was measured')
