import type { OpenTableFunction } from './open-table.ts'
import { remoteTableOf } from './shared-table.ts'
import { TableClient } from './table-client.ts'

// Planted bug: a move that takes whatever stands for what it was to replace.
const open: OpenTableFunction = async ({ port, clock }) => {
  const client = await TableClient.open(port, clock)
  const table = remoteTableOf(client)
  return {
    table: {
      ...table,
      move: async (key, from, to) => table.move(key, (await table.lookup(key)) ?? from, to),
    },
    close: () => client.close(),
  }
}

export default open
