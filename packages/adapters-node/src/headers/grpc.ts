import type { DownstreamRequest } from '../downstream/downstream-request.ts'

/** `application/grpc`, alone or with a suffix or parameters; not gRPC-Web, which is ordinary HTTP. */
const GRPC = /^application\/grpc(?:$|[+; \t])/i

/** Statuses of gRPC by those of HTTP (gRPC, doc/http-grpc-status-mapping.md); every other is UNKNOWN. */
const STATUS_OF_HTTP: ReadonlyMap<number, number> = new Map([
  [400, 13],
  [401, 16],
  [403, 7],
  [404, 12],
  [429, 14],
  [502, 14],
  [503, 14],
  [504, 14],
])
const UNKNOWN = 2

/** Whether the request is a call of gRPC, whose client understands no answer but one with `grpc-status`. */
export function isGrpc({ rawHeaders }: DownstreamRequest): boolean {
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    if (name.length === 12 && name.toLowerCase() === 'content-type')
      return GRPC.test(rawHeaders[i + 1] as string)
  }
  return false
}

/** The trailers that end a call which we answer with this status of HTTP, names and values in turn. */
export function grpcTrailers(status: number, message: string): string[] {
  return [
    'grpc-status',
    String(STATUS_OF_HTTP.get(status) ?? UNKNOWN),
    'grpc-message',
    percentEncoded(message),
  ]
}

/** As gRPC over HTTP/2 writes Status-Message: UTF-8 with everything but printable ASCII, and `%`, percent-encoded. */
function percentEncoded(message: string): string {
  return message.replaceAll(/[^\x20-\x24\x26-\x7e]+/g, (text) => {
    let encoded = ''
    for (const byte of Buffer.from(text)) encoded += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
    return encoded
  })
}
