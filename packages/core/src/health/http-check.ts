import {
  type ClientRequest,
  request as httpRequest,
  validateHeaderName,
  validateHeaderValue,
} from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { ConnectionOptions } from 'node:tls'
import type { Endpoint } from '../endpoint/endpoint.ts'
import { choiceOption, contractOption, integerOption, invalidOption, optionsObject } from '../option.ts'
import { type CheckScheduleOptions, checkSchedule, SCHEDULE_NAMES } from './check-schedule.ts'
import type { HealthCheck } from './health-check.ts'
import { probeFailure, socketErrorWords } from './probe-failure.ts'
import { type ExpectedStatus, statusMatch } from './status-ranges.ts'

/** As much head as `forward()` takes by default; a health endpoint that sends more is taken for failing. */
const MAX_HEAD_BYTES = 16_384

/** Options of {@link httpCheck}. @public */
export interface HttpCheckOptions extends CheckScheduleOptions {
  /** The target to ask for, from `/` on. Default `/`. */
  readonly path?: string
  /** Default `GET`. The request has no body. */
  readonly method?: 'GET' | 'HEAD' | 'OPTIONS'
  /** Statuses that are healthy. Redirects are not followed. Default `['200-399']`, as Kubernetes has it. */
  readonly expectedStatus?: ExpectedStatus
  /** Further headers of the request. Default: none. */
  readonly headers?: Readonly<Record<string, string>>
  /** The Host header, and with it the name asked for over TLS. Default: the endpoint's host and port. */
  readonly host?: string
  /** The port to ask at, 1 to 65 535. Default: the endpoint's own. */
  readonly port?: number
  /** How to ask, where a port of its own speaks another protocol. Default: the endpoint's own. */
  readonly protocol?: 'http:' | 'https:'
  /** For `https:`: CA, client certificate, `servername`, `rejectUnauthorized` … Default: node's, which verifies. */
  readonly tls?: ConnectionOptions
}

const NAMES = [
  'path',
  'method',
  'expectedStatus',
  'headers',
  'host',
  'port',
  'protocol',
  'tls',
  ...SCHEDULE_NAMES,
] as const satisfies readonly (keyof HttpCheckOptions)[]

/**
 * A health check that asks for a path and looks at the status of the answer. Each check has a connection of its own, which
 * is closed as soon as the head is there: a body is never read, so a path that streams for ever can be checked, too.
 *
 * @throws StickyError `invalid-option`
 * @public
 */
export function httpCheck(options: HttpCheckOptions = {}): HealthCheck {
  const { status, name, sends } = checkHttpOptions(options)
  return {
    name,
    schedule: checkSchedule('httpCheck', options),
    probe: (endpoint, signal) =>
      new Promise((resolve, reject) => {
        const port = options.port ?? endpoint.port
        const fail = (got: string, cause?: unknown) =>
          reject(probeFailure({ name, endpoint, port }, status.words, got, cause))
        if (signal.aborted) return fail('an abort', signal.reason)
        const request = sends(endpoint, port)
        let answered: number | undefined
        let error: Error | undefined
        const abort = () => request.destroy()
        const answer = (response: { readonly statusCode?: number | undefined }) => {
          answered = response.statusCode ?? 0
          request.destroy()
        }
        signal.addEventListener('abort', abort, { once: true })
        request.once('response', answer)
        // 101, or a 2xx to nothing that asked for a tunnel: an answer like any other, whose socket is ours to close.
        request.once('upgrade', (response, socket) => {
          socket.destroy()
          answer(response)
        })
        request.on('error', (cause) => {
          error ??= cause
        })
        // Settles only here, so that the socket is released when the probe is over.
        request.once('close', () => {
          signal.removeEventListener('abort', abort)
          if (answered !== undefined) {
            try {
              if (status.matches(answered)) resolve()
              else fail(String(answered))
            } catch (cause) {
              // The user's function; thrown from here it would end the process.
              fail(`${answered}, and an error of expectedStatus`, cause)
            }
          } else if (signal.aborted) fail('an abort', signal.reason)
          else fail(error ? socketErrorWords(error) : 'the end of the connection', error)
        })
        request.end()
      }),
  }
}

function checkHttpOptions(options: HttpCheckOptions) {
  optionsObject('httpCheck', options, NAMES)
  const {
    path = '/',
    method = 'GET',
    expectedStatus = ['200-399'],
    headers = {},
    host,
    protocol,
    tls = {},
  } = options
  if (typeof path !== 'string' || !/^\/[\x21-\x7e]*$/.test(path)) {
    throw invalidOption('httpCheck.path', 'a path such as /healthz, percent-encoded', path)
  }
  choiceOption('httpCheck.method', method, ['GET', 'HEAD', 'OPTIONS'])
  if (options.port !== undefined) integerOption('httpCheck.port', options.port, 1, 65_535)
  if (host !== undefined && (typeof host !== 'string' || !/^[\w.:[\]-]+$/.test(host))) {
    throw invalidOption('httpCheck.host', 'a host name', host)
  }
  if (protocol !== undefined) choiceOption('httpCheck.protocol', protocol, ['http:', 'https:'])
  contractOption('httpCheck.tls', tls, 'tls.ConnectionOptions object', [])
  const sent = { ...checkedHeaders(headers), ...(host === undefined ? {} : { host }) }
  const sends = (endpoint: Endpoint, port: number): ClientRequest => {
    const isTls = (protocol ?? endpoint.protocol) === 'https:'
    const { host, socketPath } = endpoint
    const isUnix = socketPath !== undefined && options.port === undefined
    const base = { ...(isUnix ? { socketPath } : { host, port }), path, method, headers: sent }
    // No agent: a connection that was kept would show only that it was good before.
    const own = { agent: false as const, maxHeaderSize: MAX_HEAD_BYTES }
    return isTls ? httpsRequest({ ...tls, ...base, ...own }) : httpRequest({ ...base, ...own })
  }
  return { status: statusMatch('httpCheck.expectedStatus', expectedStatus), name: `${method} ${path}`, sends }
}

function checkedHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  contractOption('httpCheck.headers', headers, 'headers object', [])
  for (const [name, value] of Object.entries(headers)) {
    try {
      validateHeaderName(name)
      validateHeaderValue(name, value)
    } catch {
      throw invalidOption(`httpCheck.headers.${name}`, 'a header that can be sent', value)
    }
  }
  return headers
}
