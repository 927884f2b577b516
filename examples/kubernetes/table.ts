import type { StickyTable } from '@limpet/core'
import { redisTable } from '@limpet/core/redis'
import { createClient } from 'redis'

/** A table on Valkey, and the end of its connection. */
export interface SharedTable {
  readonly table: StickyTable
  close(): Promise<void>
}

/** Does not wait for Valkey: a gateway starts without it, and places by the hash that all replicas share until it is there. */
export function sharedTable(url: string): SharedTable {
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
  void client.connect().catch(() => undefined)
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
