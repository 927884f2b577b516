import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { request as httpsRequest, Agent as TlsAgent } from 'node:https'

/** Bytes of a body that are read; of a longer one the connection is closed. */
const MOST_BODY_BYTES = 65_536

/** A request to a proxy. @public */
export interface ProxyRequest {
  /** Path with query. Default: that of the URL. */
  readonly path?: string
  /** Names and values in turn, as latin1 text of the bytes. `Host` is added if it is not among them. Default: none. */
  readonly rawHeaders?: readonly string[]
}

/** What a proxy answered. @public */
export interface ProxyAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** As latin1 text, cut after 64 KiB. */
  readonly body: string
}

/** Asks one proxy over kept connections. */
export class ProxyAsker {
  readonly #url: URL
  readonly #timeoutMs: number
  readonly #agent: Agent

  constructor(url: URL, timeoutMs: number, connections: number) {
    this.#url = url
    this.#timeoutMs = timeoutMs
    const options = { keepAlive: true, maxSockets: connections }
    this.#agent = url.protocol === 'https:' ? new TlsAgent(options) : new Agent(options)
  }

  /** The request with all that is sent. */
  whole({
    path = this.#url.pathname + this.#url.search,
    rawHeaders = [],
  }: ProxyRequest): Required<ProxyRequest> {
    const hasHost = rawHeaders.some((name, index) => index % 2 === 0 && name.toLowerCase() === 'host')
    return { path, rawHeaders: hasHost ? rawHeaders : ['Host', this.#url.host, ...rawHeaders] }
  }

  /** Rejects if there is no answer in time, and if the request cannot be written. Redirects are not followed. */
  ask({ path, rawHeaders }: Required<ProxyRequest>, signal: AbortSignal | undefined): Promise<ProxyAnswer> {
    const ends = [AbortSignal.timeout(this.#timeoutMs), ...(signal ? [signal] : [])]
    const request = this.#url.protocol === 'https:' ? httpsRequest : httpRequest
    return new Promise((resolve, reject) => {
      const asked = request(this.#url, {
        agent: this.#agent,
        signal: AbortSignal.any(ends),
        headers: rawHeaders,
        path,
      })
      asked.on('error', reject)
      asked.once('response', (response) => {
        const { statusCode: status = 0, headers } = response
        let body = ''
        response.setEncoding('latin1')
        response.on('data', (piece: string) => {
          body += piece
          if (body.length < MOST_BODY_BYTES) return
          resolve({ status, headers, body: body.slice(0, MOST_BODY_BYTES) })
          response.destroy()
        })
        response.on('error', reject)
        response.once('end', () => resolve({ status, headers, body }))
      })
      asked.end()
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}
