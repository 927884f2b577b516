import { StickyError } from '@limpet/core'
import type { DownstreamRequest } from '../downstream/downstream-request.ts'
import { originForm } from './target-check.ts'

/** A request target with nothing that could end the request line. */
const TARGET = /^[\x21-\x7e\x80-\xff]+$/

/**
 * The target towards the pod in origin form; an absolute one (RFC 9112, 3.2.2) loses its scheme and authority. `path` is the
 * option that rewrites it.
 *
 * @throws StickyError `invalid-option` if `path` answers what is no target
 */
export function requestTarget(
  request: DownstreamRequest,
  path: ((request: DownstreamRequest) => string) | undefined,
): string {
  const target: unknown = path ? path(request) : (request.url ?? '/')
  const origin = typeof target === 'string' ? originForm(request.method ?? '', target) : undefined
  if (origin !== undefined && TARGET.test(origin)) return origin
  if (!path) return '/'
  throw new StickyError(
    'invalid-option',
    'forward.path: expected a target such as /a?b=c without blanks and control characters',
  )
}
