/**
 * Why the verdict on an endpoint has changed: failed connections, errors or latency of traffic; the time of an ejection
 * was up; active checks.
 *
 * @public
 */
export type HealthReason = 'connect-failures' | 'errors' | 'latency' | 'ejection-over' | 'checks'
