import { BACKENDS, END, WORKLOADS } from '../workload.ts'
import { proxy } from './listening.ts'
import { stickyChoice } from './sticky-choice.ts'

// No proxy at all: node's HTTP/2 server answers by itself what a backend would. The floor of everything built on it.

proxy(() => {
  const choose = stickyChoice(BACKENDS)
  return (req, res) => {
    const body = Buffer.alloc(WORKLOADS.http2.responseBody, choose(req.headers['x-session'] as string))
    body[body.length - 1] = END
    res
      .writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': body.length })
      .end(body)
  }
}, ['h2'])
