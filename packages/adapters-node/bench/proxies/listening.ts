import { createServer, type RequestListener } from 'node:http'
import { createSecureServer } from 'node:http2'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { LOCALHOST } from '../certificate.ts'
import { answer } from '../part.ts'
import type { Transport } from '../workload.ts'

/** Where a proxy listens for each transport that it speaks. */
export type Ports = { readonly [Name in Transport]?: number }

/** Serves a proxy for `run.ts`: `make` gets the backends' URLs and answers what handles a request. */
export function proxy(
  make: (backends: readonly string[]) => RequestListener,
  transports: readonly Transport[] = ['plain', 'tls', 'h2'],
): void {
  listening((backends) => listenOn(make(backends), transports))
}

/** The same for a proxy that brings its own servers: `listen` answers their ports. */
export function listening(
  listen: (backends: readonly string[]) => Promise<Ports>,
  methods: { readonly [method: string]: (input: never) => unknown } = {},
): void {
  const urls = (ports: readonly number[]) => ports.map((port) => `http://127.0.0.1:${port}`)
  answer({ listen: (ports: readonly number[]) => listen(urls(ports)), ...methods })
}

const CERTIFICATE = { cert: LOCALHOST, key: LOCALHOST }

const SERVERS: Readonly<Record<Transport, (handle: RequestListener) => Server>> = {
  plain: (handle) => createServer(handle),
  tls: (handle) => createTlsServer(CERTIFICATE, handle),
  // The compatibility API: its requests and responses are near enough to those of node:http for a proxy of both.
  h2: (handle) => createSecureServer({ ...CERTIFICATE, allowHTTP1: true }, handle as never),
}

/** Starts servers with node's defaults; answers their ports. */
export async function listenOn(handle: RequestListener, transports: readonly Transport[]): Promise<Ports> {
  const ports = transports.map(async (transport) => {
    const server = SERVERS[transport](handle)
    const { promise, resolve } = Promise.withResolvers<void>()
    server.listen(0, '127.0.0.1', resolve)
    await promise
    return [transport, (server.address() as AddressInfo).port]
  })
  return Object.fromEntries(await Promise.all(ports))
}
