import type { ResponseHead } from '../upstream/upstream.ts'
import { connectionNames, isHopByHop } from './hop-by-hop.ts'
import { addVia } from './via.ts'

/**
 * The headers of a response that go to the client: names and values in turn, case, order and repetition kept. Changes the
 * array of the head. `via`: our name in Via, if it is to be told.
 */
export function responseHeaders(
  { httpVersion, rawHeaders }: Pick<ResponseHead, 'httpVersion' | 'rawHeaders'>,
  via: string | undefined,
): string[] {
  const named = connectionNames(rawHeaders, [])
  let kept = 0
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    if (isHopByHop(name) || named?.has(name.toLowerCase())) continue
    rawHeaders[kept] = name
    rawHeaders[kept + 1] = rawHeaders[i + 1] as string
    kept += 2
  }
  rawHeaders.length = kept
  addVia(rawHeaders, httpVersion, via)
  return rawHeaders
}
