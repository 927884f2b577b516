import { StickyError } from '../../error.ts'
import type { RedisClient } from './redis-client.ts'

/** One page of the names that a server holds. */
export interface NamePage {
  /** Where to go on; `0` = the end. */
  readonly cursor: string
  readonly names: readonly string[]
}

/** A server that holds keys: the only one, or one master of a Cluster. */
export interface KeyHolder {
  /** `SCAN cursor MATCH pattern COUNT count`. */
  scan(cursor: string, pattern: string, count: number): Promise<NamePage>
  /** Keys that it holds, those of others included. */
  size(): Promise<number>
}

interface Calling {
  call(command: string, ...args: string[]): Promise<unknown>
}
interface Scanning {
  scan(cursor: string, options: { MATCH: string; COUNT: number }): Promise<unknown>
  dbSize(): Promise<unknown>
}
interface NodeCluster {
  readonly masters: readonly object[]
  nodeClient(node: object): Promise<Scanning> | Scanning
}

/**
 * The servers behind a client, as it knows them now.
 *
 * @throws StickyError `not-supported` for a client whose servers cannot be gone through
 */
export async function keyHoldersOf(client: RedisClient): Promise<readonly KeyHolder[]> {
  const given = client as unknown as Record<string, unknown>
  if (typeof given.call === 'function') {
    const { nodes } = given
    if (typeof nodes !== 'function') return [byCall(client as Calling)]
    return (nodes.call(client, 'master') as readonly Calling[]).map(byCall)
  }
  if (Array.isArray(given.masters) && typeof given.nodeClient === 'function') {
    const cluster = given as unknown as NodeCluster
    return Promise.all(cluster.masters.map(async (node) => byMethods(await cluster.nodeClient(node))))
  }
  if (typeof given.scan === 'function' && typeof given.dbSize === 'function')
    return [byMethods(given as unknown as Scanning)]
  if (typeof given.customCommand === 'function') return [byCustomCommand(given as never)]
  throw new StickyError(
    'not-supported',
    'the sticky table: this client cannot go through the keys of its servers',
  )
}

function byCall(client: Calling): KeyHolder {
  return {
    scan: async (cursor, pattern, count) =>
      pageOf(await client.call('SCAN', cursor, 'MATCH', pattern, 'COUNT', String(count))),
    size: async () => Number(await client.call('DBSIZE')),
  }
}

function byMethods(client: Scanning): KeyHolder {
  return {
    scan: async (cursor, pattern, count) => {
      const { cursor: next, keys } = (await client.scan(cursor, { MATCH: pattern, COUNT: count })) as {
        cursor: unknown
        keys: string[]
      }
      return { cursor: String(next), names: keys }
    },
    size: async () => Number(await client.dbSize()),
  }
}

/** Of a `GlideClusterClient` this reaches one server only; it says so by the error of the server for the others. */
function byCustomCommand(client: { customCommand(args: string[]): Promise<unknown> }): KeyHolder {
  return {
    scan: async (cursor, pattern, count) =>
      pageOf(await client.customCommand(['SCAN', cursor, 'MATCH', pattern, 'COUNT', String(count)])),
    size: async () => Number(await client.customCommand(['DBSIZE'])),
  }
}

function pageOf(answer: unknown): NamePage {
  if (!Array.isArray(answer) || !Array.isArray(answer[1])) {
    throw new StickyError('table-failed', 'the sticky table: SCAN answered no page of names')
  }
  return { cursor: String(answer[0]), names: answer[1].map(String) }
}
