import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http'
import { type RequestOptions, request as requestHttps, Agent as SecureAgent } from 'node:https'
import type { Socket } from 'node:net'
import type { Clock } from '../../../clock.ts'
import { StickyError } from '../../../error.ts'
import type { Access, AccessSource, SecureTarget } from './access.ts'
import { statusError, statusOfAnswer } from './api-status.ts'

/**
 * Idle time after which the kernel asks whether the other side is still there: libuv then asks each second and gives up
 * after ten, so a machine that is gone is noticed within 40 s, as client-go's HTTP/2 pings do within 45 s.
 */
const KEEP_ALIVE_MS = 30_000
/** A Status is some 500 bytes. */
const MAX_STATUS_BYTES = 65_536

/** What a {@link Transport} needs. */
export interface TransportOptions {
  readonly server: URL
  readonly access: AccessSource
  /** The longest wait for the head of an answer, and, of a list, for its end. */
  readonly responseTimeoutMs: number
  readonly clock: Clock
}

/** How one request is made. */
export interface Exchange {
  /** What is done, for messages: `list endpointslices in "default"`. */
  readonly what: string
  /** Path and query below the server's. */
  readonly path: string
  /** `shared`: on a connection that is kept for further requests; `own`: on one that ends with the answer. */
  readonly connection: 'shared' | 'own'
  readonly signal: AbortSignal
}

/** Requests to one API server over node:https: connections, credentials, and answers that are errors. */
export class Transport {
  readonly #options: TransportOptions
  /** Keeps connections of one kind of credentials. */
  #agent: { readonly agent: SecureAgent; readonly tls: SecureTarget } | undefined = undefined

  constructor(options: TransportOptions) {
    this.#options = options
  }

  /**
   * The answer, if it is a 200. After a 401 the credentials are asked for again, and the request made once more: a token
   * may have been replaced between being read and being seen.
   *
   * @throws StickyError `kubernetes`, with the server's Status as cause if it gave one
   */
  async get(exchange: Exchange): Promise<IncomingMessage> {
    let response = await this.#send(exchange)
    if (response.statusCode === 401) {
      response.destroy()
      response = await this.#send(exchange)
    }
    if (response.statusCode === 200) return response
    throw await this.#refusal(exchange, response)
  }

  /** The whole body of a 200. */
  async text(exchange: Exchange, maxBytes: number): Promise<string> {
    const response = await this.get(exchange)
    return this.#withinTime(exchange, response, () => bodyOf(exchange, response, maxBytes))
  }

  async #refusal(exchange: Exchange, response: IncomingMessage): Promise<StickyError> {
    const { statusCode = 0, headers } = response
    const body = await this.#withinTime(exchange, response, () =>
      bodyOf(exchange, response, MAX_STATUS_BYTES).catch(() => ''),
    )
    const status = statusOfAnswer(statusCode, body, headers['retry-after'], this.#options.clock.now())
    return statusError(exchange.what, status)
  }

  async #send(exchange: Exchange): Promise<IncomingMessage> {
    const { server, access, clock, responseTimeoutMs } = this.#options
    const { what, path, connection, signal } = exchange
    const given = await access()
    signal.throwIfAborted()
    const isSecure = server.protocol === 'https:'
    const shared = isSecure && connection === 'shared' ? this.#shared(given) : undefined
    const options: RequestOptions = {
      ...given.tls,
      // Without brackets, which belong to the URL: the Host header gets its own.
      hostname: server.hostname.replace(/^\[|\]$/g, ''),
      port: server.port || (isSecure ? 443 : 80),
      path: server.pathname.replace(/\/$/, '') + path,
      headers: { accept: 'application/json', 'user-agent': 'limpet', ...given.headers },
      agent: given.agent ?? shared ?? false,
      signal,
    }
    return new Promise((resolve, reject) => {
      let request: ClientRequest
      try {
        request = (isSecure ? requestHttps : requestHttp)(options)
      } catch (cause) {
        // A token that no header can hold, a certificate that is none.
        return reject(connectionError(what, cause))
      }
      const cancel = clock.after(responseTimeoutMs, () => {
        request.destroy(new Error(`no answer within ${responseTimeoutMs} ms`))
      })
      request.on('socket', quiet)
      request.on('response', (response) => {
        cancel()
        resolve(response)
      })
      request.on('error', (cause) => {
        cancel()
        reject(signal.aborted ? signal.reason : connectionError(what, cause))
      })
      request.end()
    })
  }

  /** Ends an answer that takes longer than one may. */
  async #withinTime<T>(exchange: Exchange, response: IncomingMessage, read: () => Promise<T>): Promise<T> {
    const { clock, responseTimeoutMs } = this.#options
    const cancel = clock.after(responseTimeoutMs, () => {
      response.destroy(new Error(`the answer was not complete within ${responseTimeoutMs} ms`))
    })
    try {
      return await read()
    } catch (cause) {
      if (exchange.signal.aborted) throw exchange.signal.reason
      throw cause instanceof StickyError ? cause : connectionError(exchange.what, cause)
    } finally {
      cancel()
    }
  }

  #shared({ tls }: Access): SecureAgent {
    if (this.#agent && isSameTarget(this.#agent.tls, tls)) return this.#agent.agent
    // Requests under way keep their connection; those that wait for the next one were made with what no longer holds.
    this.#agent?.agent.destroy()
    const agent = new SecureAgent({ keepAlive: true, maxSockets: 4, maxFreeSockets: 1, timeout: 60_000 })
    this.#agent = { agent, tls }
    return agent
  }
}

/** What went wrong below HTTP. */
export function connectionError(what: string, cause: unknown): StickyError {
  const { code, message } = cause as NodeJS.ErrnoException
  return new StickyError(
    'kubernetes',
    `${what}: no connection to the API server: ${message || code || cause}`,
    {
      cause,
    },
  )
}

async function bodyOf({ what }: Exchange, response: IncomingMessage, maxBytes: number): Promise<string> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of response as AsyncIterable<Buffer>) {
    length += part.length
    if (length > maxBytes) {
      throw new StickyError(
        'kubernetes',
        `${what}: expected an answer of at most ${maxBytes} bytes, got a longer one`,
      )
    }
    parts.push(part)
  }
  return Buffer.concat(parts, length).toString('utf8')
}

function quiet(socket: Socket): void {
  socket.setKeepAlive(true, KEEP_ALIVE_MS)
  // Discovery alone is no reason for a process to live.
  socket.unref()
}

function isSameTarget(one: SecureTarget, other: SecureTarget): boolean {
  const names = ['ca', 'cert', 'key', 'pfx', 'passphrase', 'servername', 'rejectUnauthorized'] as const
  return names.every((name) => {
    const [left, right] = [one[name], other[name]]
    return left === right || (Buffer.isBuffer(left) && Buffer.isBuffer(right) && left.equals(right))
  })
}
