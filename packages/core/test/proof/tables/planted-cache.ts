import type { Binding } from '../../../src/table/sticky-table.ts'
import type { OpenTableFunction } from './open-table.ts'
import { remoteTableOf } from './shared-table.ts'
import { TableClient } from './table-client.ts'

// Planted bug: a near cache that nobody tells of what other gateways do.
const open: OpenTableFunction = async ({ port, clock }) => {
  const client = await TableClient.open(port, clock)
  const table = remoteTableOf(client)
  const near = new Map<string, Binding>()
  const keep = <Answer extends { readonly binding: Binding | undefined }>(key: string, answer: Answer) => {
    if (answer.binding) near.set(key, answer.binding)
    return answer
  }
  return {
    table: {
      ...table,
      async lookup(key) {
        const known = near.get(key)
        if (known && known.expiresAt > clock.now()) return known
        near.delete(key)
        const binding = await table.lookup(key)
        if (binding) near.set(key, binding)
        return binding
      },
      claim: async (key, to) => keep(key, await table.claim(key, to)),
      move: async (key, from, to) => keep(key, await table.move(key, from, to)),
    },
    close: () => client.close(),
  }
}

export default open
