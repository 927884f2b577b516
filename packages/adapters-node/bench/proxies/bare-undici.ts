import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Dispatcher, Pool } from 'undici'
import { proxy } from './listening.ts'
import { stickyChoice } from './sticky-choice.ts'

// The bare loop: node:http and undici's dispatch with nothing between them but what a correct HTTP proxy must do. No
// timeouts, no fail-over, no options: the ceiling for a proxy made of these two. HTTP/2 comes from node:http2's
// compatibility API, to the same loop.

const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

interface Upstream {
  readonly headers: string[]
  readonly key: string | undefined
  readonly hasBody: boolean
}

/** One walk over the raw headers: what goes on, the key, and whether a body follows. */
function upstreamRequest(req: IncomingMessage): Upstream {
  const raw = req.rawHeaders
  const headers: string[] = []
  let key: string | undefined
  let forwardedFor = req.socket.remoteAddress as string
  let hasBody = false
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] as string).toLowerCase()
    const value = raw[i + 1] as string
    if (name === 'transfer-encoding' || name === 'content-length') hasBody = true
    if (name === 'x-session') key = value
    // HTTP/2 has its target and authority among the headers.
    if (name.startsWith(':')) {
      if (name === ':authority') headers.push('host', value)
    } else if (name === 'x-forwarded-for') forwardedFor = `${value}, ${forwardedFor}`
    else if (!HOP_BY_HOP.has(name)) headers.push(name, value)
  }
  headers.push('x-forwarded-for', forwardedFor)
  return { headers, key, hasBody }
}

function downstreamHeaders(raw: readonly Buffer[]): string[] {
  const headers: string[] = []
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] as Buffer).toString('latin1')
    if (!HOP_BY_HOP.has(name.toLowerCase())) headers.push(name, (raw[i + 1] as Buffer).toString('latin1'))
  }
  return headers
}

class Answer implements Dispatcher.DispatchHandler {
  readonly #res: ServerResponse
  readonly #isHttp2: boolean
  #controller: Dispatcher.DispatchController | undefined = undefined

  constructor(res: ServerResponse, isHttp2: boolean) {
    this.#res = res
    this.#isHttp2 = isHttp2
    res.once('close', () => {
      if (!res.writableFinished) this.#controller?.abort(new Error('the client has gone'))
    })
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    _headers: object,
    text?: string,
  ): void {
    if (status < 200) return
    const headers = downstreamHeaders(controller.rawHeaders as Buffer[])
    // HTTP/2 has no text beside its status, and warns of one.
    if (this.#isHttp2) this.#res.writeHead(status, headers)
    else this.#res.writeHead(status, text, headers)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#res.write(chunk)) return
    controller.pause()
    this.#res.once('drain', () => controller.resume())
  }

  onResponseEnd(): void {
    this.#res.end()
  }

  onResponseError(): void {
    if (this.#res.headersSent) this.#res.destroy()
    else this.#res.writeHead(502).end()
  }
}

proxy((backends) => {
  const choose = stickyChoice(backends.map((url) => new Pool(url)))
  return (req, res) => {
    const { headers, key, hasBody } = upstreamRequest(req)
    choose(key).dispatch(
      { method: req.method as string, path: req.url as string, headers, body: hasBody ? req : null },
      new Answer(res, req.httpVersionMajor === 2),
    )
  }
})
