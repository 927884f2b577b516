import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe } from 'node:diagnostics_channel'
import { pathToFileURL } from 'node:url'
import type { ChannelMessages } from '../../../src/channels.ts'
import type { EndpointSet } from '../../../src/endpoint/endpoint-set.ts'
import { header } from '../../../src/key/header.ts'
import { createSticky, type Sticky } from '../../../src/sticky.ts'
import { fakeDiscovery } from '../../../src/testing/fake-discovery.ts'
import { fakeRandom } from '../../../src/testing/fake-random.ts'
import { fakeRequest } from '../../../src/testing/fake-request.ts'
import { HistoryFile } from '../history/history-file.ts'
import { monotonic } from '../history/monotonic.ts'
import type { OpenTableFunction } from '../tables/open-table.ts'
import { gatewayClock, jumpWallClock } from './gateway-clock.ts'
import type { Order, Report } from './message.ts'
import { recordingTable } from './recording-table.ts'
import { declareUnscheduled } from './unscheduled.ts'

// One gateway of a proof, as a process of its own that does what the world tells it.

type Start = Extract<Order, { order: 'start' }>

const KEY_HEADER = 'x-session'
const SHUTDOWN_MS = 3_000
/** Requests under way from which on no more are sent: so much is enough for every race, also where the machine is slow. */
const MOST_OPEN = 400

let gateway: { obey(order: Order): Promise<void> } | undefined

process.on('message', async (order: Order) => {
  if (order.order !== 'start') return gateway?.obey(order)
  gateway = await started(order)
  report({ report: 'started' })
})
process.on('disconnect', () => process.exit())

function report(message: Report): void {
  process.send?.(message)
}

async function started(start: Start): Promise<{ obey(order: Order): Promise<void> }> {
  const { name: by, rules } = start
  const history = new HistoryFile(start.history)
  const clock = gatewayClock(start.skewMs)
  const request = new AsyncLocalStorage<number>()
  const discovery = fakeDiscovery()
  const { default: open } = (await import(pathToFileURL(start.table).href)) as { default: OpenTableFunction }
  const opened = await open({ port: start.port, clock, rules })
  const endUnscheduled = declareUnscheduled(by, (event) => history.add(event))
  const seen = (set: EndpointSet) => {
    const usable = set.endpoints.map(({ identity }) => identity).filter((identity) => isUsable(set, identity))
    history.add({ what: 'view', at: monotonic(), by, usable })
  }
  subscribe('limpet:endpoints', (message) => seen((message as ChannelMessages['limpet:endpoints']).set))

  const emit = (identities: readonly string[]) =>
    discovery.emit(identities.map((name) => ({ name, host: '127.0.0.1', port: 1 })))
  emit(start.endpoints)
  const sticky = createSticky({
    key: header(KEY_HEADER),
    endpoints: discovery,
    clock,
    random: fakeRandom(start.seed),
    minMoveIntervalMs: rules.minMoveIntervalMs,
    tableTimeoutMs: 1_000,
    table: recordingTable(opened.table, (call) => {
      const id = request.getStore()
      history.add({ what: 'table', by, ...(id !== undefined && { id }), ...call })
    }),
  })
  if (sticky.endpoints) seen(sticky.endpoints)

  let dead: readonly string[] = []
  const underWay = new Set<Promise<void>>()
  let requests = 0
  const send = async (id: number, key: string) => {
    const since = monotonic()
    const { route, tried } = await request.run(id, () => connected(sticky, key, (to) => dead.includes(to)))
    history.add({
      what: 'route',
      since,
      at: monotonic(),
      by,
      id,
      key,
      kind: route.kind,
      ...(route.kind === 'refused' ? { reason: route.reason } : { to: route.endpoint.identity }),
      ...((route.kind === 'moved' || route.kind === 'detour') && { from: route.from, cause: route.cause }),
      ...(tried.length > 0 && { tried }),
    })
    if (route.kind !== 'refused') void request.run(id, () => route.settle({ status: 200 }))
    route.done()
  }
  return {
    async obey(order) {
      switch (order.order) {
        case 'dead':
          dead = order.endpoints
          return
        case 'discovery':
          return emit(order.endpoints)
        case 'jump':
          return order.clock === 'clock' ? clock.jump(order.ms) : jumpWallClock(order.ms)
        case 'send':
          for (const [index, key] of order.keys.entries()) {
            if (underWay.size >= MOST_OPEN) return
            requests++
            const sent = send(order.from + index, key).finally(() => underWay.delete(sent))
            underWay.add(sent)
          }
          return
        case 'close':
          await Promise.race([
            Promise.all(underWay),
            new Promise((resolve) => setTimeout(resolve, SHUTDOWN_MS)),
          ])
          await sticky.close()
          await opened.close()
          endUnscheduled()
          history.close()
          report({ report: 'closed', requests })
      }
    },
  }
}

/** The route that a request ends with: one to an endpoint that can be connected, if there is any. */
async function connected(sticky: Sticky, key: string, isDead: (identity: string) => boolean) {
  const tried: string[] = []
  let route = await sticky.route(fakeRequest({ headers: { [KEY_HEADER]: key } }))
  while (route.kind !== 'refused' && isDead(route.endpoint.identity)) {
    tried.push(route.endpoint.identity)
    route = await route.next(new Error('connect ECONNREFUSED'))
  }
  return { route, tried }
}

function isUsable(set: EndpointSet, identity: string): boolean {
  const state = set.availability(identity)?.state
  return state === 'ready' || state === 'draining'
}
