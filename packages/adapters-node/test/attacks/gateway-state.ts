/** What a gateway holds at one moment. */
export interface GatewayState {
  readonly rss: number
  readonly heapUsed: number
  /** Memory outside V8's heap: buffers, rows of the table. */
  readonly external: number
  /** Open descriptors; undefined where the system has no /proc. */
  readonly descriptors: number | undefined
  /** What keeps the event loop going, by kind. */
  readonly handles: Readonly<Record<string, number>>
  /** Leases that have not ended. */
  readonly inFlight: number
  readonly waiting: number
  readonly moves: number
  /** Warnings, rejections and exceptions that nobody handled, since the process started. */
  readonly complaints: readonly string[]
}
