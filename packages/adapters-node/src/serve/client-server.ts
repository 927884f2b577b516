import { createServer, type IncomingMessage, type Server } from 'node:http'
import { createSecureServer, type Http2SecureServer } from 'node:http2'
import { createServer as createTlsServer, type Server as HttpsServer } from 'node:https'
import type { TlsOptions } from 'node:tls'
import { askedProtocols } from '../upgrade/protocols.ts'
import type { CheckedLimits } from './limits.ts'

/** The server that clients connect to: HTTP/1.1, plain or over TLS, or HTTP/2 beside HTTP/1.1 over TLS. */
export type ClientServer = Server | HttpsServer | Http2SecureServer

/** How often overdue heads are looked for, at most; node looks each 30 s, whatever the limit. */
const CHECK_MS = 5_000

/** The server with its limits, without listeners of requests yet. */
export function clientServer(
  tls: TlsOptions | undefined,
  http2: boolean,
  limits: CheckedLimits,
): ClientServer {
  const common = { ...tls, ...httpLimits(limits), shouldUpgradeCallback: asksForUpgrade }
  const server = !tls
    ? createServer(common)
    : http2
      ? createSecureServer({ ...common, ...http2Limits(limits), allowHTTP1: true })
      : createTlsServer(common)
  server.maxConnections = limits.maxConnections
  // Above a count node drops headers without a word: the key, Host, Content-Length. Their size is limited instead.
  ;(server as { maxHeadersCount?: number | null }).maxHeadersCount = 0
  return server
}

/** What offers `h2c` alone is a request like others, with its body. Asked by node from 24.9 on. */
function asksForUpgrade({ rawHeaders, httpVersion }: IncomingMessage): boolean {
  return askedProtocols(rawHeaders, httpVersion) !== undefined
}

function httpLimits(limits: CheckedLimits) {
  const { headTimeoutMs, requestTimeoutMs, keepAliveMs, maxHeadBytes } = limits
  return {
    headersTimeout: headTimeoutMs,
    requestTimeout: requestTimeoutMs === Number.POSITIVE_INFINITY ? 0 : requestTimeoutMs,
    connectionsCheckingInterval: Math.min(CHECK_MS, Math.ceil(headTimeoutMs / 4)),
    keepAliveTimeout: keepAliveMs,
    handshakeTimeout: headTimeoutMs,
    maxHeaderSize: maxHeadBytes,
    insecureHTTPParser: false,
    requireHostHeader: true,
    noDelay: true,
    // A request without a body needs no stream that carries none: a tenth of the CPU time of a small request.
    optimizeEmptyRequests: true,
    // Upgraded connections whose client vanished without a word are found by the system's probes alone.
    keepAlive: true,
    keepAliveInitialDelay: 60_000,
  }
}

function http2Limits({ maxHeadBytes, maxStreamsPerConnection }: CheckedLimits) {
  return {
    maxSessionInvalidFrames: 100,
    settings: {
      maxConcurrentStreams: maxStreamsPerConnection,
      maxHeaderListSize: maxHeadBytes,
      enablePush: false,
    },
  }
}
