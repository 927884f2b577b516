/** How an endpoint is spoken to: in the clear or over TLS, and in which version of HTTP. */
export interface SpokenProtocol {
  readonly protocol: 'http:' | 'https:'
  readonly httpVersion: '1.1' | '2'
}

/**
 * The values of `appProtocol` that a Kubernetes Service port may have and that a gateway can speak: those that Kubernetes
 * defines (KEP-3726, `kubernetes.io/…`), the IANA names `http` and `https`, and `h2`, `h2c` and `grpc` as gateways read them.
 */
const SPOKEN: ReadonlyMap<string, SpokenProtocol> = new Map<string, SpokenProtocol>([
  ['http', { protocol: 'http:', httpVersion: '1.1' }],
  ['https', { protocol: 'https:', httpVersion: '1.1' }],
  ['kubernetes.io/ws', { protocol: 'http:', httpVersion: '1.1' }],
  ['kubernetes.io/wss', { protocol: 'https:', httpVersion: '1.1' }],
  ['kubernetes.io/h2c', { protocol: 'http:', httpVersion: '2' }],
  ['h2c', { protocol: 'http:', httpVersion: '2' }],
  ['grpc', { protocol: 'http:', httpVersion: '2' }],
  ['h2', { protocol: 'https:', httpVersion: '2' }],
])

/** The names that {@link spokenProtocol} knows, for error messages. */
export const APP_PROTOCOLS: readonly string[] = [...SPOKEN.keys()]

/** How to speak to a port of this `appProtocol`, in any case; undefined for one that is no HTTP, or unknown. */
export function spokenProtocol(appProtocol: string): SpokenProtocol | undefined {
  return SPOKEN.get(appProtocol.toLowerCase())
}
