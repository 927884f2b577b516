import type { Duplex } from 'node:stream'
import httpProxy from 'http-proxy'
import { stickyChoice } from '../proxies/sticky-choice.ts'
import { holding } from './holding.ts'

// As its readme does it for WebSockets, with the same X-Forwarded headers and a sticky choice.

holding((pod) => {
  const choose = stickyChoice([pod])
  const proxy = httpProxy.createProxyServer({ ws: true, xfwd: true })
  proxy.on('error', (_error, _request, socket: Duplex) => socket.destroy())
  return (request, socket, head) =>
    proxy.ws(request, socket, head, { target: choose(request.headers['x-session'] as string) })
})
