import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Routing } from '@limpet/core'
import { contractOption } from '@limpet/core/adapter-kit'
import { Exchange } from './exchange.ts'
import { checkForwardOptions, type ForwardOptions } from './options.ts'
import { Upgrades } from './upgrade/upgrades.ts'
import { Connections } from './upstream/connections.ts'

/** A reverse proxy as the two listeners that a `node:http` server takes. @public */
export interface Forwarder extends AsyncDisposable {
  /** Listener of `request`. Never throws; every error is answered. */
  readonly request: (request: IncomingMessage, response: ServerResponse) => void
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
  const checked = checkForwardOptions(options)
  const upstream = new Connections(checked)
  const upgrades = new Upgrades(routing, upstream, checked)
  const close = async () => {
    upstream.close()
    upgrades.close()
  }
  return {
    request: (request, response) => new Exchange(routing, upstream, checked, request, response).start(),
    upgrade: (request, socket, head) => upgrades.accept(request, socket, head),
    close,
    [Symbol.asyncDispose]: close,
  }
}
