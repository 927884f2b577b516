import type { DownstreamRequest } from '../downstream/downstream-request.ts'
import type { BodyFraming } from './request-head.ts'

/**
 * How the body of a request is framed: by its head in HTTP/1.1, where node refuses requests with both framings, and by
 * the end of the stream in HTTP/2, whose head may tell the length too.
 */
export function bodyFraming(request: DownstreamRequest): BodyFraming {
  const { rawHeaders } = request
  const isHttp2 = 'stream' in request
  if (isHttp2 && request.stream.endAfterHeaders) return 'none'
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    if (name.length === 14 && name.toLowerCase() === 'content-length') {
      return Number(rawHeaders[i + 1]) > 0 ? 'sized' : 'none'
    }
    if (name.length === 17 && name.toLowerCase() === 'transfer-encoding') return 'chunked'
  }
  return isHttp2 ? 'chunked' : 'none'
}
