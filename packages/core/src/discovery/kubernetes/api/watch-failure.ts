import { StickyError } from '../../../error.ts'
import { statusOf } from './api-status.ts'
import { describe } from './https-api.ts'
import type { Collection, KubernetesStatus } from './kubernetes-api.ts'

/** What an attempt to list or watch failed with, as far as it matters to what comes next. */
export type WatchFailure =
  /** What we know is too old to go on from, or newer than what this server knows: list again. */
  | { readonly kind: 'expired'; readonly error: StickyError }
  /** The server does not know this kind of request. */
  | { readonly kind: 'unsupported'; readonly error: StickyError }
  /** Try again later, and not before this. */
  | { readonly kind: 'later'; readonly error: StickyError; readonly retryAfterMs: number }

/** A server that names a longer wait than this is not believed: routing would go by old endpoints for as long. */
const MAX_RETRY_AFTER_MS = 120_000

/** Tells what a failure means. `verb` = what was tried. */
export function failureOf(verb: 'list' | 'watch', collection: Collection, error: unknown): WatchFailure {
  const what = describe(verb, collection)
  const status = statusOf(error)
  if (!status) {
    const known =
      error instanceof StickyError
        ? error
        : new StickyError('kubernetes', `${what}: ${textOf(error)}`, { cause: error })
    return { kind: 'later', error: known, retryAfterMs: 0 }
  }
  const told = toldError(verb, collection, status, error)
  if (isExpired(status) || isTooLarge(status)) return { kind: 'expired', error: told }
  if ([400, 405, 422, 501].includes(status.code)) return { kind: 'unsupported', error: told }
  const seconds = status.details?.retryAfterSeconds ?? 0
  return {
    kind: 'later',
    error: told,
    retryAfterMs: Math.min(Math.max(seconds * 1_000, 0), MAX_RETRY_AFTER_MS),
  }
}

function toldError(
  verb: 'list' | 'watch',
  collection: Collection,
  status: KubernetesStatus,
  error: unknown,
): StickyError {
  if (status.code === 403) return forbidden(verb, collection, status)
  if (error instanceof StickyError) return error
  const said = (status.message ?? status.reason ?? textOf(error)).slice(0, 500)
  const what = describe(verb, collection)
  return new StickyError('kubernetes', `${what}: the API server answered ${status.code} (${said})`, {
    cause: status,
  })
}

function forbidden(
  verb: string,
  { group, plural, namespace }: Collection,
  status: KubernetesStatus,
): StickyError {
  const apiGroup = group === '' ? 'the core API group ("")' : `the API group "${group}"`
  return new StickyError(
    'kubernetes',
    `not allowed to ${verb} ${plural} of ${apiGroup} in namespace "${namespace}": ` +
      `bind a Role with the verbs list and watch on it to this service account` +
      `${status.message === undefined ? '' : ` (${status.message.slice(0, 500)})`}`,
    { cause: status },
  )
}

function isExpired({ code, reason }: KubernetesStatus): boolean {
  return code === 410 || reason === 'Expired' || reason === 'Gone'
}

/** As client-go's `IsTooLargeResourceVersionError`: servers of before 1.17 only say it in words. */
function isTooLarge({ message = '', details }: KubernetesStatus): boolean {
  const causes = details?.causes ?? []
  return (
    causes.some(({ reason }) => reason === 'ResourceVersionTooLarge') ||
    /^(?:Timeout: )?Too large resource version/.test(message)
  )
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
