import { Agent } from 'node:http'
import http2Proxy from 'http2-proxy'
import { proxy } from './listening.ts'
import { stickyChoice } from './sticky-choice.ts'

// http2-proxy 5 as its readme uses it, with a keep-alive agent. It tells the pod of its client in Forwarded by itself.

proxy(
  (backends) => {
    const agent = new Agent({ keepAlive: true })
    const choose = stickyChoice(backends.map((url) => new URL(url)))
    return (req, res) => {
      const { hostname, port } = choose(req.headers['x-session'] as string | undefined)
      const onReq = async (_req: unknown, options: object): Promise<void> => {
        Object.assign(options, { agent })
      }
      const done = (error: Error | undefined) => {
        if (!error) return
        if (res.headersSent) res.destroy()
        else res.writeHead(502).end()
      }
      void http2Proxy.web(req, res, { hostname, port: Number(port), onReq }, done)
    }
  },
  ['h2'],
)
