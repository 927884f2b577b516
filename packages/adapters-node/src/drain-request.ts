import type { IncomingMessage } from 'node:http'

/** What a request to `drainWait` asks for, or why it cannot be understood. */
export type DrainRequest =
  | { readonly kind: 'drain'; readonly identity: string; readonly deadlineMs: number | undefined }
  | { readonly kind: 'bad'; readonly status: 400 | 405; readonly code: string; readonly message: string }

/** What an identity can be: see `EndpointInit`. */
const IDENTITY = /^[\x20-\x7e\xa0-\xff]{1,253}$/

/**
 * Reads a request for a drain. `identityOf`: where the identity stands, if neither in the query nor at the end of the path;
 * `maxDeadlineMs`: the longest deadline that may be asked for.
 */
export function readDrainRequest(
  request: IncomingMessage,
  identityOf: ((request: IncomingMessage) => string | undefined) | undefined,
  maxDeadlineMs: number,
): DrainRequest {
  if (request.method !== 'GET' && request.method !== 'POST') {
    const message = `expected GET or POST, got ${request.method}`
    return { kind: 'bad', status: 405, code: 'method-not-allowed', message }
  }
  const target = `http://limpet${request.url ?? '/'}`
  if (!URL.canParse(target)) return bad('the request target is malformed')
  const url = new URL(target)
  const identity = identityOf ? identityOf(request) : identityIn(url)
  if (identity === undefined || !IDENTITY.test(identity)) {
    return bad('identity: expected the name of one endpoint, as ?identity=web-1 or at the end of the path')
  }
  const given = url.searchParams.getAll('deadlineMs')
  if (given.length === 0) return { kind: 'drain', identity, deadlineMs: undefined }
  const deadlineMs = /^\d{1,10}$/.test(given[0] ?? '') ? Number(given[0]) : Number.NaN
  if (given.length > 1 || !(deadlineMs <= maxDeadlineMs)) {
    return bad(`deadlineMs: expected one number of milliseconds from 0 to ${maxDeadlineMs}`)
  }
  return { kind: 'drain', identity, deadlineMs }
}

/** The one `identity` of the query, else the last segment of the path; undefined if there is none or more than one. */
function identityIn({ searchParams, pathname }: URL): string | undefined {
  const named = searchParams.getAll('identity')
  if (named.length > 0) return named.length === 1 ? named[0] : undefined
  try {
    return decodeURIComponent(pathname.slice(pathname.lastIndexOf('/') + 1))
  } catch {
    return undefined
  }
}

function bad(message: string): DrainRequest {
  return { kind: 'bad', status: 400, code: 'invalid-option', message }
}
