import type { ServedRoute } from '@limpet/core'
import type { DownstreamRequest } from './downstream/downstream-request.ts'
import { movedCause } from './headers/moved-header.ts'
import { type HeadOfRequest, type RequestHead, requestHead } from './headers/request-head.ts'
import { tellRequestHead } from './hooks.ts'
import type { CheckedForwardOptions } from './options.ts'

/** The head of a request as it goes to the endpoint of `route`, after the hook has looked at it. Throws what an option throws. */
export function outgoingHead(
  request: DownstreamRequest,
  route: ServedRoute,
  about: Pick<HeadOfRequest, 'framing' | 'upgrade' | 'expectsContinue'>,
  options: CheckedForwardOptions,
): RequestHead {
  const { framing, upgrade, expectsContinue } = about
  const { endpoint } = route
  const head = requestHead(
    request,
    { framing, endpoint, upgrade, expectsContinue, movedCause: movedCause(route) },
    options,
  )
  tellRequestHead(options, head, request, route)
  return head
}
