import { describe, expect, it } from 'vitest'
import { type ForwardOptions, forward } from '../src/index.ts'

const routing = { route: () => undefined } as never

describe('forward()', () => {
  it.each<[string, ForwardOptions]>([
    ['option "forward.connectTimeoutMs": expected milliseconds from 1', { connectTimeoutMs: 0 }],
    ['option "forward.responseTimeoutMs": expected milliseconds from 1', { responseTimeoutMs: Number.NaN }],
    [
      'option "forward.idleTimeoutMs": expected milliseconds from 1',
      { idleTimeoutMs: Number.POSITIVE_INFINITY },
    ],
    ['option "forward.keepAliveMs": expected milliseconds from 0', { keepAliveMs: -1 }],
    ['option "forward.maxHeadBytes": expected an integer from 1024 to 1048576, got 10', { maxHeadBytes: 10 }],
    ['option "forward.trustedProxies[0]": expected an address or a range', { trustedProxies: ['everyone'] }],
    ["option \"forward.host\": expected 'preserve' or 'endpoint'", { host: 'pod' as never }],
    ['option "forward.retry": expected an object', { retry: true as never }],
    ['option "forward.retry.methods": expected', { retry: { methods: ['POST'] } }],
    ['option "forward.retry.methods": expected a list', { retry: { methods: 'GET' as never } }],
    ["option \"forward.retry.on\": expected 'reset', 'timeout' or a status", { retry: { on: [404] } }],
    ['option "forward.retry.limit": expected an integer from 1 to 10', { retry: { limit: 0 } }],
    ['option "forward.retry.delayMs": expected milliseconds', { retry: { delayMs: -1 } }],
    ['option "forward.retry.budget": expected a share from 0 to 1', { retry: { budget: 2 } }],
    ['option "forward.retry.leastPerSecond": expected an integer', { retry: { leastPerSecond: 0.5 } }],
    ['option "forward.retry.times" is unknown', { retry: { times: 1 } as never }],
    ['option "forward.forwarded": expected \'x-forwarded\'', { forwarded: 'on' as never }],
    ['option "forward.via": expected a name', { via: 'a b' }],
    ['option "forward.maxRequestsPerEndpoint": expected an integer from 1', { maxRequestsPerEndpoint: 0 }],
    ['option "forward.maxQueuedPerEndpoint": expected an integer from 0', { maxQueuedPerEndpoint: -1 }],
    ['option "forward.queueTimeoutMs": expected milliseconds from 1', { queueTimeoutMs: 0 }],
    ['option "forward.onRequestHead": expected a function', { onRequestHead: {} as never }],
    ['option "forward.onResponseHead": expected a function', { onResponseHead: {} as never }],
    ['option "forward.random": expected a function', { random: 4 as never }],
    ['option "forward.movedHeader": expected', { movedHeader: 1 as never }],
    ['option "forward.path": expected a function', { path: '/x' as never }],
    ['option "forward.onError": expected a function', { onError: 1 as never }],
    ['option "forward.tls": expected a tls.ConnectionOptions', { tls: 'ca' as never }],
    ['option "forward.tls": expected what tls.createSecureContext() takes', { tls: { cert: 'none' } }],
    ['option "forward.tls": expected what tls.createSecureContext() takes', { tls: { ca: 7 as never } }],
    ['option "forward.tls.servername": expected a name', { tls: { servername: 7 as never } }],
    ['option "forward.timeout" is unknown; known: connectTimeoutMs', { timeout: 1 } as ForwardOptions],
  ])('refuses bad options: %s', (message, options) => {
    expect(() => forward(routing, options)).toThrow(message)
  })

  it('refuses what is no routing', () => {
    expect(() => forward({} as never)).toThrow('option "forward.routing": expected a Routing')
  })
})
