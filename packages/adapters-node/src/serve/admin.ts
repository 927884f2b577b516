import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Clock, Routing } from '@limpet/core'
import { contractOption } from '@limpet/core/adapter-kit'
import { type Drainable, type DrainWaitHandler, drainWait } from '../drain-wait.ts'
import { answerJson } from '../error-answer.ts'
import type { CheckedAdminOptions } from './admin-options.ts'

/** Limits of what probes and hooks send: heads and bodies of nothing. */
const HEAD_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 30_000

/** Why requests are not wanted; undefined = they are. */
export type Unready = () => 'closing' | 'starting' | undefined

/**
 * The server of probes and drains.
 *
 * @throws StickyError `invalid-option`
 */
export function adminServer(
  options: CheckedAdminOptions,
  routing: Routing,
  unready: Unready,
  clock: Clock,
): Server {
  const { readyPath, livePath, drainPath } = options
  const drain = drainHandler(options, routing, clock)
  return createServer(
    { headersTimeout: HEAD_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS },
    (request, response) => {
      const path = (request.url ?? '/').split('?', 1)[0] as string
      if (path === readyPath) answerReadiness(request, response, unready() ?? notReady(options, routing))
      else if (path === livePath) answer(request, response, 200, 'live')
      else if (drain && (path === drainPath || path.startsWith(`${drainPath}/`))) drain(request, response)
      else answer(request, response, 404, 'not-found')
    },
  )
}

function drainHandler(
  { drain }: CheckedAdminOptions,
  routing: Routing,
  clock: Clock,
): DrainWaitHandler | undefined {
  if (!drain) return undefined
  const pool = routing as Routing & Drainable
  contractOption('serve.admin.drain', pool, 'pool with drain() as the routing', ['drain'])
  return drainWait(pool, { clock, ...drain })
}

/** A pool without a snapshot cannot answer yet; one without endpoints can, that they are lost. */
function notReady({ isReady }: CheckedAdminOptions, routing: Routing): string | undefined {
  if ('endpoints' in routing && routing.endpoints === undefined) return 'starting'
  try {
    return isReady() ? undefined : 'not-ready'
  } catch {
    return 'not-ready'
  }
}

function answerReadiness(
  request: IncomingMessage,
  response: ServerResponse,
  reason: string | undefined,
): void {
  if (reason === undefined) answer(request, response, 200, 'ready')
  else answer(request, response, 503, reason)
}

function answer(request: IncomingMessage, response: ServerResponse, status: number, code: string): void {
  answerJson(request, response, status, JSON.stringify({ code }))
}
