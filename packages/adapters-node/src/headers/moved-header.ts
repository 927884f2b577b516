import type { ServedRoute } from '@limpet/core'

/** A header name, and a cause, as any pod can read it: what a routing of the user answers must not end the line. */
const CAUSE = /^[\w-]{1,64}$/

/**
 * True for the header that tells the pod why a key came to it, also with underscores: CGI, WSGI and Rack show the pod both
 * as `HTTP_X_LIMPET_MOVED`. Sorted out by length first, as for each header.
 */
export function isMovedHeader(name: string): boolean {
  return name.length === 14 && name.toLowerCase().replaceAll('_', '-') === 'x-limpet-moved'
}

/** Why the key's endpoint was lost, for a key that has moved to this route's endpoint; undefined for any other route. */
export function movedCause(route: ServedRoute): string | undefined {
  if (route.kind !== 'moved') return undefined
  const { cause } = route as { readonly cause?: unknown }
  return typeof cause === 'string' && CAUSE.test(cause) ? cause : 'unknown'
}
