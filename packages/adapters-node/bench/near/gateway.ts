import { forward } from '@limpet/adapters-node'
import { createSticky, header, memoryTable, type NearCache, nearCache, type Routing } from '@limpet/core'
import { redisInvalidations, redisTable } from '@limpet/core/redis'
import { createClient } from 'redis'
import { answer } from '../part.ts'
import { listenOn, type Ports } from '../proxies/listening.ts'
import { sessionKey } from '../workload.ts'

/** What `near-cache.ts` asks a gateway for. */
export interface GatewayOptions {
  /** Ports of the backends. */
  readonly backends: readonly number[]
  /** The Redis of its table; undefined = a table in memory. */
  readonly redisUrl: string | undefined
}

/** What the near cache of a gateway has done so far; all 0 with a table in memory. */
export interface NearUse {
  readonly hits: number
  /** Questions to Redis. */
  readonly asked: number
  readonly isWatched: boolean
}

const POOL = { pool: 'bench' }

let near: NearCache | undefined
let routing: Routing | undefined

/** A machine with other work may take longer than the defaults allow, and a key that was placed without the table is not known. */
const PATIENCE_MS = 5_000

/** As the guide has it: two connections, and every other option at its default. */
async function sharedTable(url: string): Promise<NearCache> {
  const client = await createClient({ url }).connect()
  const subscriber = await client.duplicate().connect()
  const table = redisTable(client, { ...POOL, callTimeoutMs: PATIENCE_MS })
  return nearCache(table, { invalidations: redisInvalidations(subscriber, POOL) })
}

async function listen({ backends, redisUrl }: GatewayOptions): Promise<Ports> {
  const endpoints = backends.map((port) => `http://127.0.0.1:${port}`)
  near = redisUrl === undefined ? undefined : await sharedTable(redisUrl)
  const key = header('x-session')
  const sticky = createSticky({ key, endpoints, table: near ?? memoryTable(), tableTimeoutMs: PATIENCE_MS })
  routing = sticky
  const gateway = forward(sticky)
  return listenOn((req, res) => gateway.request(req, res), ['plain'])
}

/** Binds every key, so that none is new to the table when it is measured, however slow the machine. */
async function bind(keys: number): Promise<void> {
  for (let index = 0; index < keys; index++) {
    const route = await routing?.route({ headers: {}, rawHeaders: ['X-Session', sessionKey(index)] })
    if (route?.kind !== 'bound') throw new Error(`key ${index} was not bound: ${route?.kind}`)
    await route.settle()
    route.done()
  }
}

function nearUse(): NearUse {
  const { hits, asked, isWatched } = near?.stats() ?? { hits: 0, asked: 0, isWatched: false }
  return { hits, asked, isWatched }
}

answer({ listen, bind, nearUse })
