import { forward } from '@limpet/adapters-node'
import { createSticky, header, type Routing } from '@limpet/core'
import { PROFILER_METHODS } from '../profiler.ts'
import { sessionKey } from '../workload.ts'
import { listening, listenOn, type Ports } from './listening.ts'

// What is measured: forward() over a pool with every option at its default.

const DECISIONS = 200_000
const KEYS = 10_000

let routing: Routing | undefined

function listen(endpoints: readonly string[]): Promise<Ports> {
  const sticky = createSticky({ key: header('x-session'), endpoints })
  const gateway = forward(sticky)
  routing = sticky
  return listenOn((req, res) => gateway.request(req, res), ['plain', 'tls', 'h2'])
}

/**
 * Nanoseconds that one decision takes, from the raw headers to the end of the lease: what a proxy without stickiness
 * does not do. Each key is cut from bytes anew, as a parser does it, so that its hash is not known yet.
 */
function decision(): number {
  const keys = Buffer.from(Array.from({ length: KEYS }, (_, index) => sessionKey(index)).join(''), 'latin1')
  const length = keys.length / KEYS
  const startedAt = process.hrtime.bigint()
  for (let i = 0; i < DECISIONS; i++) {
    const offset = (i % KEYS) * length
    const key = keys.toString('latin1', offset, offset + length)
    const rawHeaders = ['Host', 'gateway.example', 'User-Agent', 'bench', 'Accept', '*/*', 'X-Session', key]
    const route = routing?.route({ headers: {}, rawHeaders })
    if (route === undefined || route instanceof Promise)
      throw new Error('a pool in memory did not answer at once')
    void route.settle()
    route.done()
  }
  return Number(process.hrtime.bigint() - startedAt) / DECISIONS
}

listening(listen, { decision, ...PROFILER_METHODS })
