import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { request as httpsRequest, Agent as TlsAgent } from 'node:https'

/** Bytes of a body that are read; the rest is dropped. */
const MOST_BODY_BYTES = 65_536

/** A request to a proxy. @public */
export interface ProxyRequest {
  /** Path with query. Default: that of the URL. */
  readonly path?: string
  /** Names and values in turn, as latin1 text of the bytes. Default: none. */
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

  /** Rejects if there is no answer in time, and if the request cannot be written. */
  ask({ path, rawHeaders = [] }: ProxyRequest, signal: AbortSignal | undefined): Promise<ProxyAnswer> {
    const ends = [AbortSignal.timeout(this.#timeoutMs), ...(signal ? [signal] : [])]
    const request = this.#url.protocol === 'https:' ? httpsRequest : httpRequest
    return new Promise((resolve, reject) => {
      const asked = request(this.#url, {
        agent: this.#agent,
        signal: AbortSignal.any(ends),
        headers: ['Host', this.#url.host, ...rawHeaders],
        ...(path === undefined ? {} : { path }),
      })
      asked.once('error', reject)
      asked.once('response', (response) => {
        let body = ''
        response.setEncoding('latin1')
        response.on('data', (piece: string) => {
          if (body.length < MOST_BODY_BYTES) body += piece
        })
        response.once('error', reject)
        response.once('end', () =>
          resolve({
            status: response.statusCode as number,
            headers: response.headers,
            body: body.slice(0, MOST_BODY_BYTES),
          }),
        )
      })
      asked.end()
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}
