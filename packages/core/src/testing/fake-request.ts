import type { RequestLike } from '../key/request-like.ts'

/** What a {@link fakeRequest} may be given. @public */
export interface FakeRequestInit {
  /** Name and value of each header in order; an array of values is a repeated header. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  /** Default `/`. */
  readonly url?: string
  /** Default `GET`. */
  readonly method?: string
  /** Address of the peer. Default `127.0.0.1`. */
  readonly address?: string
}

/** A request as `node:http` gives it, with `rawHeaders`, for tests of key sources and pools. @public */
export function fakeRequest(init: FakeRequestInit = {}): RequestLike {
  const { headers = {}, url = '/', method = 'GET', address = '127.0.0.1' } = init
  const rawHeaders: string[] = []
  const joined: Record<string, string> = {}
  for (const [name, values] of Object.entries(headers)) {
    for (const value of typeof values === 'string' ? [values] : values) {
      rawHeaders.push(name, value)
      const lower = name.toLowerCase()
      joined[lower] = joined[lower] === undefined ? value : `${joined[lower]}, ${value}`
    }
  }
  return { headers: joined, rawHeaders, url, method, socket: { remoteAddress: address } }
}
