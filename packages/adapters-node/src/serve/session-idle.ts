import type { ServerHttp2Session } from 'node:http2'
import type { Clock } from '@limpet/core'

/** How long a session may be without a request. */
export interface SessionIdleLimits {
  /** Until its first. */
  readonly headTimeoutMs: number
  /** After its last. */
  readonly keepAliveMs: number
}

/**
 * Ends an HTTP/2 session that has had no request for too long: node has no such limit. Counted are requests, not bytes:
 * a head that comes byte by byte, or pings, would keep a connection for ever.
 */
export function endWhenIdle(session: ServerHttp2Session, clock: Clock, limits: SessionIdleLimits): void {
  let streams = 0
  let since = clock.now()
  let limitMs = limits.headTimeoutMs
  let cancel: () => void
  const streamClosed = () => {
    streams--
    since = clock.now()
  }
  session.on('stream', (stream) => {
    streams++
    limitMs = limits.keepAliveMs
    stream.once('close', streamClosed)
  })
  const check = () => {
    const leftMs = since + limitMs - clock.now()
    // One timer for a session, not for each of its requests: it looks again when the session might have become too old.
    if (streams > 0) wait(limits.keepAliveMs)
    else if (leftMs > 0) wait(leftMs)
    else if (!session.closed) {
      // GOAWAY, and a stream that has begun in this moment still ends.
      session.close()
      wait(limits.headTimeoutMs)
    }
    // A head that has begun and never ends is a stream to node, for which close() would wait for ever.
    else session.destroy()
  }
  const wait = (ms: number) => {
    cancel = clock.after(ms, check)
  }
  wait(limitMs)
  session.once('close', () => cancel())
}
