import type { Claim } from '../../../src/table/sticky-table.ts'
import type { OpenTableFunction } from './open-table.ts'
import { remoteTableOf } from './shared-table.ts'
import { TableClient } from './table-client.ts'

// Planted bug: a claim that is no single command, but a look-up and then a write.
const open: OpenTableFunction = async ({ port, clock }) => {
  const client = await TableClient.open(port, clock)
  const table = remoteTableOf(client)
  return {
    table: {
      ...table,
      async claim(key, to) {
        const binding = await table.lookup(key)
        return binding ? { binding, created: false } : client.call<Claim>('overwrite', key, { to })
      },
    },
    close: () => client.close(),
  }
}

export default open
