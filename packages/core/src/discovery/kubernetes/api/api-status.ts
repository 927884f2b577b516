import { StickyError } from '../../../error.ts'
import type { KubernetesStatus } from './kubernetes-api.ts'

/** Longer messages of a server are cut: they end in logs. */
const MAX_MESSAGE = 500

/** The error for a request that the server did not fulfil. */
export function statusError(what: string, status: KubernetesStatus): StickyError {
  const { code, reason = '', message = '' } = status
  const said = message === '' ? reason : message.slice(0, MAX_MESSAGE)
  return new StickyError('kubernetes', `${what}: the API server answered ${code}${said && ` (${said})`}`, {
    cause: status,
  })
}

/** What the server said, be it by one of our errors or by one of `@kubernetes/client-node`; undefined: it said nothing. */
export function statusOf(error: unknown): KubernetesStatus | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  const { cause, body, code, statusCode } = error as Record<string, unknown>
  const status = asStatus(cause) ?? asStatus(error) ?? asStatus(body) ?? asStatus(parsed(body))
  if (status) return status
  const given = typeof statusCode === 'number' ? statusCode : code
  return typeof given === 'number' && given >= 300 ? { kind: 'Status', code: given } : undefined
}

/** A Status object as the server wrote it, or undefined if it is none. Whatever is not as expected in it is left out. */
export function asStatus(value: unknown): KubernetesStatus | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { kind, code, reason, message, details } = value as Record<string, unknown>
  if (kind !== 'Status' || typeof code !== 'number') return undefined
  const { retryAfterSeconds, causes } = (typeof details === 'object' && details !== null ? details : {}) as {
    retryAfterSeconds?: unknown
    causes?: unknown
  }
  return {
    kind,
    code,
    ...(typeof reason === 'string' && { reason }),
    ...(typeof message === 'string' && { message }),
    details: {
      ...(typeof retryAfterSeconds === 'number' && { retryAfterSeconds }),
      causes: Array.isArray(causes) ? causes.filter((each) => typeof each === 'object' && each !== null) : [],
    },
  }
}

/** The Status of an answer that is no 200: its body's, or else one of its status line alone. */
export function statusOfAnswer(
  code: number,
  body: string,
  retryAfter: string | undefined,
  now: number,
): KubernetesStatus {
  const status = asStatus(parsed(body)) ?? { kind: 'Status', code }
  const seconds = retryAfterSeconds(retryAfter, now) ?? status.details?.retryAfterSeconds
  return {
    ...status,
    code,
    details: { ...status.details, ...(seconds !== undefined && { retryAfterSeconds: seconds }) },
  }
}

/** Seconds or a date (RFC 9110, 10.2.3); undefined where it is neither. */
function retryAfterSeconds(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined
  if (/^\d+$/.test(header)) return Number(header)
  const at = Date.parse(header)
  return Number.isNaN(at) ? undefined : Math.max(0, (at - now) / 1_000)
}

function parsed(text: unknown): unknown {
  if (typeof text !== 'string') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
