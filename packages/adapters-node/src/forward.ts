import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type Routing, StickyError } from '@limpet/core'
import { contractOption } from '@limpet/core/adapter-kit'
import type { CloseOptions } from './close-deadline.ts'
import type { DownstreamRequest, DownstreamResponse } from './downstream/downstream-request.ts'
import { isAhead, Turns } from './downstream/turns.ts'
import { answerError, errorAnswer } from './error-answer.ts'
import { Exchange } from './exchange.ts'
import type { ForwardContext } from './forward-context.ts'
import { endsConnection, OpenExchanges } from './open-exchanges.ts'
import { checkForwardOptions, type ForwardOptions } from './options.ts'
import { RetryPolicy } from './retry/retry-policy.ts'
import { Upgrades } from './upgrade/upgrades.ts'
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
   * Refuses new requests with `closed` and lets what is under way end, upgraded streams too; cuts at the deadline what has
   * not. Answers from now on end their connection. Resolves when everything has ended. The server and the routing stay
   * open: they belong to whoever made them. Idempotent.
   *
   * Rejects with StickyError `invalid-option`.
   */
  close(options?: CloseOptions): Promise<void>
}

/**
 * Forwards each request to the endpoint that `routing` answers, streaming both ways. Connects first and hands over then: a
 * connection that fails is tried at the next endpoint with the request untouched.
 *
 * @throws StickyError `invalid-option`
 * @public
 */
export function forward(routing: Routing, options: ForwardOptions = {}): Forwarder {
  return watchedForward(routing, options).forwarder
}

/** The same, and what it has under way: for whoever owns the connections of the clients. */
export function watchedForward(
  routing: Routing,
  options: ForwardOptions,
): { readonly forwarder: Forwarder; readonly open: OpenExchanges } {
  contractOption('forward.routing', routing, 'Routing such as createSticky() makes', ['route'])
  const checked = checkForwardOptions(options, routing.keyHeaders ?? [])
  const upstream = new Connections(checked)
  const retry = new RetryPolicy(checked.retry, checked.clock, checked.random)
  const open: OpenExchanges = new OpenExchanges(checked.clock, () => upgrades)
  const context: ForwardContext = { routing, upstream, retry, options: checked, open }
  const upgrades = new Upgrades(context)
  const turns = new Turns()
  const begin = (request: DownstreamRequest, response: DownstreamResponse, expectsContinue: boolean) =>
    new Exchange(context, request, response, expectsContinue).start()
  const take = (request: DownstreamRequest, response: DownstreamResponse, expectsContinue: boolean) => {
    if (open.isClosing) {
      endsConnection(response)
      return answerError(request, response, errorAnswer(isClosed()))
    }
    if (isAhead(response)) turns.wait(response, open, () => begin(request, response, expectsContinue))
    else begin(request, response, expectsContinue)
  }
  const close = async (closeOptions: CloseOptions = {}) => {
    // Its connections are needed until the last exchange has ended.
    await open.close(closeOptions)
    upstream.close()
  }
  const forwarder: Forwarder = {
    request: (request, response) => take(request, response, false),
    checkContinue: (request, response) => take(request, response, true),
    upgrade: (request, socket, head) => {
      if (open.isClosing) return upgrades.refuse(request, socket, errorAnswer(isClosed()))
      open.addUpgraded(socket)
      upgrades.accept(request, socket, head)
    },
    close,
    [Symbol.asyncDispose]: () => close(),
  }
  return { forwarder, open }
}

function isClosed(): StickyError {
  return new StickyError('closed', 'forward() was closed')
}
