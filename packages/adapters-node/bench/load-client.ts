/** What a client tells the load it belongs to. */
export interface LoadListener {
  /** A whole, correct response; `backend` is the index of who answered. */
  answered(client: LoadClient, backend: number): void
  failed(error: Error): void
}

/** A client with at most one request under way. Every response is checked. */
export interface LoadClient {
  /** Index of the key of the request under way, and when it was sent in milliseconds. */
  readonly key: number
  readonly sentAt: number
  /** Sends the next request. The whole response to the last one has arrived. */
  send(key: number, keyText: string, now: number): void
  close(): void
}
