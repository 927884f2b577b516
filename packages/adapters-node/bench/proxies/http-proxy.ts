import { Agent } from 'node:http'
import httpProxy from 'http-proxy'
import { proxy } from './listening.ts'
import { stickyChoice } from './sticky-choice.ts'

// http-proxy 1.18 as its readme uses it (a target is a URL string), with a keep-alive agent, which it needs most.

proxy(
  (backends) => {
    const choose = stickyChoice(backends)
    const server = httpProxy.createProxyServer({ agent: new Agent({ keepAlive: true }), xfwd: true })
    server.on('error', (_error, _req, res) => {
      if (res.headersSent) res.destroy()
      else res.writeHead(502).end()
    })
    return (req, res) => {
      server.web(req, res, { target: choose(req.headers['x-session'] as string | undefined) })
    }
  },
  ['plain', 'tls'],
)
