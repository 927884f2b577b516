import { connect } from 'node:net'
import { integerOption, optionsObject } from '../option.ts'
import { type CheckScheduleOptions, checkSchedule, SCHEDULE_NAMES } from './check-schedule.ts'
import type { HealthCheck } from './health-check.ts'
import { probeFailure, socketErrorWords } from './probe-failure.ts'

/** Options of {@link tcpCheck}. @public */
export interface TcpCheckOptions extends CheckScheduleOptions {
  /** The port to connect to, 1 to 65 535. Default: the endpoint's own. */
  readonly port?: number
}

/**
 * A health check that opens a TCP connection and closes it at once: an endpoint is healthy if it accepts. Says nothing of
 * what listens there; `httpCheck` does.
 *
 * @throws StickyError `invalid-option`
 * @public
 */
export function tcpCheck(options: TcpCheckOptions = {}): HealthCheck {
  optionsObject('tcpCheck', options, ['port', ...SCHEDULE_NAMES])
  const ownPort =
    options.port === undefined ? undefined : integerOption('tcpCheck.port', options.port, 1, 65_535)
  return {
    name: 'tcp',
    schedule: checkSchedule('tcpCheck', options),
    probe: (endpoint, signal) =>
      new Promise((resolve, reject) => {
        const port = ownPort ?? endpoint.port
        const fail = (got: string, cause: unknown) =>
          reject(probeFailure({ name: 'tcp', endpoint, port }, 'a connection', got, cause))
        if (signal.aborted) return fail('an abort', signal.reason)
        const { host, socketPath } = endpoint
        const socket = connect(
          socketPath === undefined || ownPort !== undefined ? { host, port } : { path: socketPath },
        )
        let isAccepted = false
        let error: Error | undefined
        const abort = () => socket.destroy()
        signal.addEventListener('abort', abort, { once: true })
        socket.once('connect', () => {
          isAccepted = true
          socket.destroy()
        })
        socket.on('error', (cause) => {
          error = cause
        })
        // Settles only here, so that the socket is released when the probe is over.
        socket.once('close', () => {
          signal.removeEventListener('abort', abort)
          if (isAccepted) resolve()
          else if (error) fail(socketErrorWords(error), error)
          else fail('an abort', signal.reason)
        })
      }),
  }
}
