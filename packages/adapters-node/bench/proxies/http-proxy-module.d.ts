// http-proxy 1.18 has no types of its own; this is what the benchmark uses of it.
declare module 'http-proxy' {
  import type { Agent, IncomingMessage, ServerResponse } from 'node:http'
  import type { Duplex } from 'node:stream'

  interface ProxyServer {
    web(req: IncomingMessage, res: ServerResponse, options: { target: string }): void
    ws(req: IncomingMessage, socket: Duplex, head: Buffer, options: { target: string }): void
    on(event: 'error', listener: (error: Error, req: IncomingMessage, res: ServerResponse) => void): this
    on(event: 'error', listener: (error: Error, req: IncomingMessage, socket: Duplex) => void): this
  }
  const httpProxy: { createProxyServer(options: { agent?: Agent; xfwd: boolean; ws?: boolean }): ProxyServer }
  export default httpProxy
}
