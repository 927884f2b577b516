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
    ['option "forward.repeatSafe": expected', { repeatSafe: 'yes' as never }],
    ['option "forward.movedHeader": expected', { movedHeader: 1 as never }],
    ['option "forward.path": expected a function', { path: '/x' as never }],
    ['option "forward.onError": expected a function', { onError: 1 as never }],
    ['option "forward.tls": expected a tls.ConnectionOptions', { tls: 'ca' as never }],
    ['option "forward.timeout" is unknown; known: connectTimeoutMs', { timeout: 1 } as ForwardOptions],
  ])('refuses bad options: %s', (message, options) => {
    expect(() => forward(routing, options)).toThrow(message)
  })

  it('refuses what is no routing', () => {
    expect(() => forward({} as never)).toThrow('option "forward.routing": expected a Routing')
  })
})
