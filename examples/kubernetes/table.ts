import { setTimeout } from 'node:timers/promises'
import type { StickyTable } from '@limpet/core'
import { redisTable } from '@limpet/core/redis'
import { createClient } from 'redis'

/** A table on Valkey, and the end of its connection. */
export interface SharedTable {
  readonly table: StickyTable
  close(): Promise<void>
}

/** Before that, keys would be placed without the table though it is there. */
const CONNECT_WITHIN_MS = 2_000

/** Waits a moment for Valkey; without it a gateway starts all the same, and places by the hash that all replicas share. */
export async function sharedTable(url: string): Promise<SharedTable> {
  const client = createClient({
    url,
    // What waits in a queue while Valkey is away is answered too late for any request.
    disableOfflineQueue: true,
  })
  let lastError = ''
  client.on('error', ({ message }: Error) => {
    // Told once, not at each of the client's attempts.
    if (message !== lastError) console.error(`valkey: ${message}`)
    lastError = message
  })
  client.on('ready', () => (lastError = ''))
  await Promise.race([
    client.connect().catch(() => undefined),
    setTimeout(CONNECT_WITHIN_MS, undefined, { ref: false }),
  ])
  // Without counts a drain would end at its deadline only.
  const table = redisTable(client, { pool: 'web', countEveryMs: 2_000 })
  return {
    table,
    async close() {
      await table.close()
      client.destroy()
    },
  }
}
