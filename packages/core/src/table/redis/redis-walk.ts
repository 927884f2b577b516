import type { SliceOptions } from '../capabilities.ts'
import type { KeyHolder } from './key-holders.ts'
import { parseStored, type StoredBinding } from './stored-value.ts'

/** Names asked for at once: a page takes Redis about 0.2 ms, in which it serves nobody else. */
const PAGE = 500

/** A binding that was met. */
export interface Met {
  readonly name: string
  readonly stored: StoredBinding
}

/** What a walk needs. */
export interface WalkHost {
  readonly holders: readonly KeyHolder[]
  /** Matches the names of the pool's keys. */
  readonly pattern: string
  readonly get: (name: string) => Promise<unknown>
  /** Waited for between two pages: the pace. */
  readonly pause: (names: number) => Promise<void>
}

/**
 * Goes over the bindings of a pool, page by page, beside the traffic. Bindings that stand throughout are met, those that come and go
 * meanwhile may be; one may be met twice while Redis makes its own table larger or smaller, as SCAN has it. What cannot be
 * read is left out.
 */
export async function* walk(
  host: WalkHost,
  { signal, onProgress }: SliceOptions = {},
): AsyncGenerator<Met[]> {
  signal?.throwIfAborted()
  const sizes = await Promise.all(host.holders.map((holder) => holder.size()))
  const total = sizes.reduce((sum, size) => sum + size, 0)
  let before = 0
  for (const [index, holder] of host.holders.entries()) {
    const size = sizes[index] as number
    let seen = 0
    for (let cursor = '0'; ; ) {
      signal?.throwIfAborted()
      const page = await holder.scan(cursor, host.pattern, PAGE)
      yield await readMet(page.names, host.get)
      seen = Math.min(size, seen + PAGE)
      cursor = page.cursor
      if (cursor === '0') break
      onProgress?.({ done: before + seen, total })
      await host.pause(page.names.length)
    }
    before += size
    onProgress?.({ done: before, total })
  }
}

/** What stands under names; what cannot be read is left out. */
export async function readMet(
  names: readonly string[],
  get: (name: string) => Promise<unknown>,
): Promise<Met[]> {
  const values = await Promise.all(names.map(get))
  const met: Met[] = []
  for (const [index, value] of values.entries()) {
    if (value === null || value === undefined) continue
    try {
      met.push({ name: names[index] as string, stored: parseStored(value) })
    } catch {
      // Damaged, or of a newer format: the request that needs it is told.
    }
  }
  return met
}
