import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answer } from '../part.ts'

/** Serves a proxy for `run.ts`: `make` gets the backends' URLs and answers what handles a request. */
export function proxy(make: (backends: readonly string[]) => RequestListener): void {
  listening((backends) => listenOn(make(backends)))
}

/** The same for a proxy that brings its own server: `listen` answers the port. */
export function listening(
  listen: (backends: readonly string[]) => Promise<number>,
  methods: { readonly [method: string]: () => unknown } = {},
): void {
  const urls = (ports: readonly number[]) => ports.map((port) => `http://127.0.0.1:${port}`)
  answer({ listen: (ports: readonly number[]) => listen(urls(ports)), ...methods })
}

/** Starts a server with node's defaults; answers its port. */
export function listenOn(handle: RequestListener): Promise<number> {
  const server = createServer(handle)
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}
