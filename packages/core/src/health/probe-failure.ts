import type { Endpoint } from '../endpoint/endpoint.ts'
import { StickyError } from '../error.ts'

/** What one probe is about, for its messages. */
export interface ProbeSubject {
  /** Name of the check. */
  readonly name: string
  readonly endpoint: Endpoint
  readonly port: number
}

/** The error of a failed probe: what was asked of whom, what was expected and what came. */
export function probeFailure(
  { name, endpoint, port }: ProbeSubject,
  expected: string,
  got: string,
  cause?: unknown,
): StickyError {
  const host = endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host
  // A check's own port is one of TCP, beside the socket that requests go to.
  const isUnix = endpoint.socketPath !== undefined && port === endpoint.port
  const place = isUnix ? `unix:${endpoint.socketPath}` : `${host}:${port}`
  const message = `${name} of ${endpoint.identity} at ${place}: expected ${expected}, got ${got}`
  return new StickyError('check-failed', message, { cause })
}

/** An error of a socket in few words: its code where it has one, since the message repeats the address. */
export function socketErrorWords(error: Error): string {
  const { code } = error as NodeJS.ErrnoException
  return code ?? error.message
}
