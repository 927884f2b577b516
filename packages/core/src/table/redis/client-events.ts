type Listener = (...values: never[]) => void

/** What a client of Redis tells its events by. */
export interface Emitter {
  on(event: string, listener: Listener): unknown
  off?(event: string, listener: Listener): unknown
}

/** Listens to events of a client; answers how to stop. */
export function listening(
  client: Emitter,
  listeners: Readonly<Record<string, (...values: unknown[]) => void>>,
): () => void {
  for (const [event, listener] of Object.entries(listeners)) client.on(event, listener)
  return () => {
    for (const [event, listener] of Object.entries(listeners)) client.off?.(event, listener)
  }
}
