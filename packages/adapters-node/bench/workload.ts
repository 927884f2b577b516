export type WorkloadName = 'small' | 'large' | 'post'

/** One kind of request, the same for every proxy. */
export interface Workload {
  readonly title: string
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** Bytes. */
  readonly requestBody: number
  /** Bytes. The first is the backend's name, the last is `END`. */
  readonly responseBody: number
}

export const WORKLOADS: Readonly<Record<WorkloadName, Workload>> = {
  small: {
    title: 'Small responses (3 bytes)',
    method: 'GET',
    path: '/small/42?page=1',
    requestBody: 0,
    responseBody: 3,
  },
  large: {
    title: 'Responses of 64 KiB',
    method: 'GET',
    path: '/large/42?page=1',
    requestBody: 0,
    responseBody: 65_536,
  },
  post: {
    title: 'POST of 16 KiB',
    method: 'POST',
    path: '/small/42?page=1',
    requestBody: 16_384,
    responseBody: 3,
  },
}

/** The names of the three backends, letters in a row: the first byte of every answer is its backend's name. */
export const BACKENDS: readonly string[] = ['a', 'b', 'c']

/** Last byte of every body, both ways: a body that lost or gained bytes does not end on it. */
export const END = 0x0a

const KEY_LENGTH = 36

/** The `index`-th key: as long as a UUID, distinct, and the same in every run. */
export function sessionKey(index: number): string {
  const hex = (index + 1).toString(16).padStart(8, '0')
  return `${hex}-7c1e-4d20-9b5a-${hex}c0de`.padEnd(KEY_LENGTH, '0')
}

/** The bytes of one request, and where its key stands in them. */
export interface RequestTemplate {
  readonly bytes: Buffer
  readonly keyOffset: number
}

/** Seven headers, as many as a browser behind a load balancer has at least; two more describe a body. */
export function requestTemplate({ method, path, requestBody }: Workload): RequestTemplate {
  const body =
    requestBody > 0 ? ['Content-Type: application/octet-stream', `Content-Length: ${requestBody}`] : []
  const head = [
    `${method} ${path} HTTP/1.1`,
    'Host: gateway.example',
    'User-Agent: bench/1.0 (node:net)',
    'Accept: application/json, text/plain, */*',
    'Accept-Encoding: gzip, deflate, br',
    'Authorization: Bearer 6f1ed002ab5595859014ebf0951522d9',
    'X-Request-Id: 0af7651916cd43dd8448eb211c80319c',
    `X-Session: ${sessionKey(0)}`,
    ...body,
    '',
    '',
  ].join('\r\n')
  const bytes = Buffer.alloc(head.length + requestBody, 'p')
  bytes.write(head, 'latin1')
  if (requestBody > 0) bytes[bytes.length - 1] = END
  return { bytes, keyOffset: head.indexOf(sessionKey(0)) }
}
