/** What a pool adds to its table: route() and done() of a bound key, beside the table's own hit. */
import { header } from '../src/key/header.ts'
import { isPromise } from '../src/maybe-promise.ts'
import { createSticky, type Sticky } from '../src/sticky.ts'
import { memoryTable } from '../src/table/memory.ts'
import { interleaved, isShort } from './support/interleaved.ts'
import { WireKeys } from './support/wire-keys.ts'

const ENDPOINTS = ['http://10.0.0.1:80', 'http://10.0.0.2:80', 'http://10.0.0.3:80']

/** As node:http has it, with the headers of a small API call. */
const rawHeaders = ['host', 'example.test', 'user-agent', 'bench', 'accept', '*/*', 'x-session', '']
const headers: Record<string, string> = { host: 'example.test', 'user-agent': 'bench', accept: '*/*' }
const request = { headers, rawHeaders, url: '/', method: 'GET' }

function requestOf(key: string): typeof request {
  headers['x-session'] = key
  rawHeaders[7] = key
  return request
}

let stuck = 0

function routeAndDone(sticky: Sticky, key: string): void {
  const route = sticky.route(requestOf(key))
  if (isPromise(route)) throw new Error('not answered at once')
  if (route.kind === 'stuck') stuck++
  route.done()
}

for (const [temperature, count] of [
  ['hot', 1_024],
  ['cold', isShort ? 8_192 : 131_072],
] as const) {
  const keys = new WireKeys(count)
  const table = memoryTable()
  const sticky = createSticky({ key: header('x-session'), endpoints: ENDPOINTS, table })
  for (let index = 0; index < count; index++) routeAndDone(sticky, keys.at(index))
  const before = stuck
  interleaved(`bound key, ${temperature} (${count} keys)`, [
    {
      name: 'table.lookup',
      run(operations) {
        for (let i = 0; i < operations; i++) if (!table.lookup(keys.next())) throw new Error('no binding')
      },
    },
    {
      name: 'sticky.route and route.done',
      run(operations) {
        for (let i = 0; i < operations; i++) routeAndDone(sticky, keys.next())
      },
    },
    {
      name: '(the cut of the key alone)',
      run(operations) {
        for (let i = 0; i < operations; i++) if (!keys.next()) throw new Error('no key')
      },
    },
  ])
  if (stuck === before || sticky.inFlight !== 0) throw new Error('not every route was stuck and done')
  await sticky.close()
}
