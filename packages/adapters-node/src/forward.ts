import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Routing } from '@limpet/core'
import { contractOption } from '@limpet/core/adapter-kit'
import type { DownstreamRequest, DownstreamResponse } from './downstream/downstream-request.ts'
import { Exchange } from './exchange.ts'
import type { ForwardContext } from './forward-context.ts'
import { checkForwardOptions, type ForwardOptions } from './options.ts'
import { RetryPolicy } from './retry/retry-policy.ts'
import { UpgradeExchange } from './upgrade-exchange.ts'
import { Connections } from './upstream/connections.ts'

/** A reverse proxy as the listeners that a server of `node:http`, `node:https` or `node:http2` takes. @public */
export interface Forwarder extends AsyncDisposable {
  /** Listener of `request`. Never throws; every error is answered. */
  readonly request: (request: DownstreamRequest, response: DownstreamResponse) => void
  /**
   * Listener of `checkContinue`: the pod decides whether the client may send its body (RFC 9110, 10.1.1). Without it node tells
   * every client to go on.
   */
  readonly checkContinue: (request: DownstreamRequest, response: DownstreamResponse) => void
  /** Listener of `upgrade`: WebSocket and any other protocol that HTTP/1.1 can switch to. */
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  /**
   * Refuses new requests with `closed` and ends idle connections; requests under way end as they will, upgraded streams
   * are cut. The routing stays open: it belongs to whoever made it. Idempotent.
   */
  close(): Promise<void>
}

/**
 * Forwards each request to the endpoint that `routing` answers, streaming both ways. Connects first and hands over then: a
 * connection that fails is tried at the next endpoint with the request untouched.
 *
 * @throws StickyError `invalid-option`
 * @public
 */
export function forward(routing: Routing, options: ForwardOptions = {}): Forwarder {
  contractOption('forward.routing', routing, 'Routing such as createSticky() makes', ['route'])
  const checked = checkForwardOptions(options, routing.keyHeaders ?? [])
  const upstream = new Connections(checked)
  const retry = new RetryPolicy(checked.retry, checked.clock, checked.random)
  const context: ForwardContext = { routing, upstream, retry, options: checked }
  const upgraded = new Set<UpgradeExchange>()
  const close = async () => {
    upstream.close()
    for (const exchange of upgraded) exchange.cut()
  }
  return {
    request: (request, response) => new Exchange(context, request, response, false).start(),
    checkContinue: (request, response) => new Exchange(context, request, response, true).start(),
    upgrade: (request, socket, head) => {
      const exchange = new UpgradeExchange(context, request, socket, head)
      upgraded.add(exchange)
      socket.once('close', () => upgraded.delete(exchange))
      exchange.start()
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
