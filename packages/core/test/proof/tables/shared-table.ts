import type { Claim, Move, StickyTable } from '../../../src/table/sticky-table.ts'
import type { OpenTableFunction } from './open-table.ts'
import { TableClient } from './table-client.ts'

/** The table of a table server. */
export function remoteTableOf(client: TableClient): StickyTable & { readonly scope: 'shared' } {
  return {
    scope: 'shared',
    lookup: (key) => client.call('lookup', key),
    claim: (key, to) => client.call<Claim>('claim', key, { to }),
    move: (key, from, to) => client.call<Move>('move', key, { from, to }),
    touch: (key, from) => client.call('touch', key, { from }),
    release: (key, from) => client.call('release', key, from && { from }),
  }
}

const open: OpenTableFunction = async ({ port, clock }) => {
  const client = await TableClient.open(port, clock)
  return { table: remoteTableOf(client), close: () => client.close() }
}

export default open
