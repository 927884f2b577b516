/**
 * Headers as the platforms have them: WHATWG `Headers`, or a record as `IncomingMessage.headers` or a plain object.
 * Records are read by lower-case name.
 *
 * @public
 */
export type HeadersLike =
  | { get(name: string): string | null }
  | Readonly<Record<string, string | readonly string[] | undefined>>

/**
 * A request, as far as a key source reads it: `IncomingMessage`, an Express, Fastify or Koa request, `Request`, or a
 * plain object. Every field but `headers` is needed only by the sources that read it.
 *
 * @public
 */
export interface RequestLike {
  readonly headers: HeadersLike
  /** Names and values in turn, as on the wire; where it is present, repeated headers are seen. */
  readonly rawHeaders?: readonly string[]
  /** Path with query (`/a?b=c`), or an absolute URL. */
  readonly url?: string | undefined
  readonly method?: string | undefined
  /** The connection's peer. */
  readonly socket?: { readonly remoteAddress?: string | undefined }
  /** Of `Http2ServerRequest`, whose `socket` is another object for each stream: the session is the connection. */
  readonly stream?: { readonly session?: object | undefined }
}
