import type { ServerResponse } from 'node:http'
import type { Http2SecureServer } from 'node:http2'
import type { Server as HttpsServer } from 'node:https'
import type { Routing } from '@limpet/core'
import { invalidOption } from '@limpet/core/adapter-kit'
import type { DownstreamRequest, DownstreamResponse } from '../downstream/downstream-request.ts'
import { type Forwarder, watchedForward } from '../forward.ts'
import { endsConnection } from '../open-exchanges.ts'
import { adminServer } from './admin.ts'
import { ClientConnections } from './client-connections.ts'
import { answerClientError, NewestResponses } from './client-error.ts'
import { type ClientServer, clientServer } from './client-server.ts'
import { type Gateway, GatewayLife } from './gateway.ts'
import { listen } from './listening.ts'
import { checkServeOptions, type ServeOptions, tlsOption } from './serve-options.ts'
import { endWhenIdle } from './session-idle.ts'
import { onSignals } from './signals.ts'

/**
 * Starts a gateway: `forward()` on a server with safe limits, which ends gracefully on SIGTERM, with probes and drains on a
 * port of their own. Resolves when it listens. Nothing of it keeps the process alive once it is closed, and it never calls
 * `process.exit`.
 *
 * Rejects with StickyError `invalid-option`, and with an error of the system's `code` if a port cannot be listened on; then
 * nothing is left open.
 *
 * @public
 */
export async function serve(routing: Routing, options: ServeOptions = {}): Promise<Gateway> {
  const checked = checkServeOptions(options)
  const { tls, http2, limits, clock, readinessDelayMs, graceMs } = checked
  const { forwarder, open } = watchedForward(routing, checked.forward)
  let isListening = false
  const admin =
    checked.admin &&
    adminServer(
      checked.admin,
      routing,
      () => (!isListening ? 'starting' : life.state === 'serving' ? undefined : 'closing'),
      clock,
    )
  const server = clientServer(tls, http2, limits)
  const connections = new ClientConnections(server, tls !== undefined, open, clock)
  forwardAll(server, forwarder, connections)
  server.on('session', (session) => endWhenIdle(session, clock, limits))
  let offSignals = () => {}
  const release = async () => {
    offSignals()
    await forwarder.close({ graceMs: 0 })
    if (checked.closeRouting) await routing.close()
  }
  const life = new GatewayLife({ server, connections, admin, readinessDelayMs, graceMs, clock, release })

  const adminAt =
    admin && checked.admin
      ? await listen(admin, 'serve.admin.port', 'http', checked.admin.port, checked.admin.host)
      : undefined
  try {
    const at = await listen(server, 'serve.port', tls ? 'https' : 'http', checked.port, checked.host)
    isListening = true
    offSignals = onSignals(
      checked.signals,
      () => void life.end(),
      () => void life.close({ graceMs: 0 }),
    )
    return gatewayOf(life, { ...at, admin: adminAt }, tls && (server as HttpsServer | Http2SecureServer))
  } catch (error) {
    admin?.close()
    await forwarder.close({ graceMs: 0 })
    throw error
  }
}

function forwardAll(server: ClientServer, forwarder: Forwarder, connections: ClientConnections): void {
  const newest = new NewestResponses()
  const watched =
    (listener: Forwarder['request']): Forwarder['request'] =>
    (request, response) => {
      if (request.httpVersionMajor === 1) newest.add(request.socket, response as ServerResponse)
      if (connections.areTold) endsConnection(response)
      listener(request, response)
    }
  // node types the pair of HTTP/2 and the pair of HTTP/1.1 apart, and gives either.
  const listeners = server as {
    on(event: string, listener: (request: DownstreamRequest, response: DownstreamResponse) => void): unknown
  }
  listeners.on('request', watched(forwarder.request))
  listeners.on('checkContinue', watched(forwarder.checkContinue))
  server.on('upgrade', forwarder.upgrade)
  server.on('clientError', (error, socket) => answerClientError(error, socket, newest))
  // A connection that could not be accepted, for want of descriptors or memory: no reason to end the others.
  server.on('error', (error) => {
    if (server.listening) process.emitWarning(`serve: ${error.message}`)
  })
}

function gatewayOf(
  life: GatewayLife,
  at: Pick<Gateway, 'address' | 'port' | 'url' | 'admin'>,
  secure: HttpsServer | Http2SecureServer | undefined,
): Gateway {
  return {
    ...at,
    get state() {
      return life.state
    },
    closed: life.closed,
    end: () => life.end(),
    close: (options) => life.close(options),
    reloadTls(tls) {
      if (!secure) throw invalidOption('serve.tls', 'a certificate from the start, to reload it', undefined)
      secure.setSecureContext(tlsOption('reloadTls', tls))
    },
    [Symbol.asyncDispose]: () => life.close(),
  }
}
