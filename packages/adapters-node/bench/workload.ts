export type WorkloadName = 'small' | 'large' | 'post' | 'connections' | 'many' | 'latency' | 'tls' | 'http2'

/** What clients speak to a proxy: HTTP/1.1, the same over TLS, or HTTP/2 over TLS. Backends always speak HTTP/1.1. */
export type Transport = 'plain' | 'tls' | 'h2'

/** One kind of request, the same for every proxy. */
export interface Workload {
  readonly title: string
  /** For a sentence: `1 % of <name>`. */
  readonly name: string
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** Bytes. */
  readonly requestBody: number
  /** Bytes. The first is the backend's name, the last is `END`. */
  readonly responseBody: number
  readonly transport: Transport
  /** How many requests are under way at once; undefined = the option of the run. */
  readonly clients: number | undefined
  /** Whether each request has a connection of its own, whose opening is within its time. */
  readonly reconnects: boolean
  /** Requests that share a connection at once: more than 1 with HTTP/2 alone. */
  readonly streams: number
}

const SMALL = {
  method: 'GET',
  path: '/small/42?page=1',
  requestBody: 0,
  responseBody: 3,
  transport: 'plain',
  clients: undefined,
  reconnects: false,
  streams: 1,
} as const

export const WORKLOADS: Readonly<Record<WorkloadName, Workload>> = {
  small: { ...SMALL, title: 'Small responses (3 bytes)', name: 'a small request' },
  large: {
    ...SMALL,
    title: 'Responses of 64 KiB',
    name: 'a large one',
    path: '/large/42?page=1',
    responseBody: 65_536,
  },
  post: { ...SMALL, title: 'POST of 16 KiB', name: 'a POST', method: 'POST', requestBody: 16_384 },
  connections: {
    ...SMALL,
    title: 'Small responses, a new connection for each request',
    name: 'one with a new connection',
    reconnects: true,
  },
  many: { ...SMALL, title: 'Small responses, 512 connections', name: 'one among 512', clients: 512 },
  latency: {
    ...SMALL,
    title: 'Small responses, one connection (unloaded latency)',
    name: 'one alone',
    clients: 1,
  },
  tls: { ...SMALL, title: 'Small responses over TLS', name: 'one over TLS', transport: 'tls' },
  http2: {
    ...SMALL,
    title: 'Small responses over HTTP/2, 8 streams for each connection',
    name: 'one over HTTP/2',
    transport: 'h2',
    streams: 8,
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
export function requestHeaders({ requestBody }: Workload): [name: string, value: string][] {
  const headers: [string, string][] = [
    ['Host', 'gateway.example'],
    ['User-Agent', 'bench/1.0 (node:net)'],
    ['Accept', 'application/json, text/plain, */*'],
    ['Accept-Encoding', 'gzip, deflate, br'],
    ['Authorization', 'Bearer 6f1ed002ab5595859014ebf0951522d9'],
    ['X-Request-Id', '0af7651916cd43dd8448eb211c80319c'],
    ['X-Session', sessionKey(0)],
  ]
  if (requestBody > 0)
    headers.push(['Content-Type', 'application/octet-stream'], ['Content-Length', String(requestBody)])
  return headers
}

export function requestTemplate(workload: Workload): RequestTemplate {
  const { method, path, requestBody } = workload
  const fields = requestHeaders(workload).map(([name, value]) => `${name}: ${value}\r\n`)
  const head = `${method} ${path} HTTP/1.1\r\n${fields.join('')}\r\n`
  const bytes = Buffer.alloc(head.length + requestBody, 'p')
  bytes.write(head, 'latin1')
  if (requestBody > 0) bytes[bytes.length - 1] = END
  return { bytes, keyOffset: head.indexOf(sessionKey(0)) }
}
