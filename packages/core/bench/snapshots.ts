/** What a change costs: another snapshot of discovery, and a change of one endpoint's health, by the number of endpoints. */
import { systemClock } from '../src/clock.ts'
import { endpointSet } from '../src/endpoint/endpoint-set.ts'
import { PoolEndpoints } from '../src/endpoint/pool-endpoints.ts'
import { InFlight } from '../src/route/in-flight.ts'
import { interleaved, isShort } from './support/interleaved.ts'

let made = 0

for (const size of isShort ? [100] : [100, 5_000]) {
  const list = Array.from({ length: size }, (_, index) => ({ name: `pod-${index}`, host: 'a', port: 80 }))
  const changed = list.with(7, { name: 'pod-new', host: 'a', port: 80 })
  const endpoints = new PoolEndpoints({
    clock: systemClock,
    inFlight: new InFlight(),
    slowStart: undefined,
    changed: () => made++,
    gone: () => undefined,
  })
  let discovered = endpointSet(list)
  let turn = 0
  endpoints.update(discovered)
  interleaved(
    `one change among ${size} endpoints`,
    [
      {
        name: 'health of one endpoint',
        run(operations) {
          for (let i = 0; i < operations; i++) {
            const state = endpoints.state('pod-0')
            if (state) state.health.traffic = turn++ % 2 === 0 ? 'ejected' : 'healthy'
            endpoints.refresh()
            if (!endpoints.current) throw new Error('no snapshot')
          }
        },
      },
      {
        name: 'one endpoint for another, from discovery',
        run(operations) {
          for (let i = 0; i < operations; i++) {
            discovered = endpointSet(turn++ % 2 === 0 ? changed : list, discovered)
            endpoints.update(discovered)
          }
        },
      },
    ],
    size * 10,
  )
}

if (made === 0) throw new Error('nothing was made')
