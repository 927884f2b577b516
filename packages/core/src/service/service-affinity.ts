/** What a Service says of affinity. */
export type ServiceAffinity =
  | { readonly kind: 'None' }
  | { readonly kind: 'ClientIP'; readonly timeoutMs: number }

/** The affinity of a Service, and what was wrong with it, if something was. */
export interface AffinityReading {
  readonly affinity: ServiceAffinity
  /** What the object says that no API server lets pass; the default holds instead. */
  readonly fault: string | undefined
}

/** `DefaultClientIPServiceAffinitySeconds` of `k8s.io/api/core/v1`. */
const DEFAULT_TIMEOUT_SECONDS = 10_800
/** `MaxClientIPServiceAffinitySeconds`: a day. */
const MOST_TIMEOUT_SECONDS = 86_400

const NONE: ServiceAffinity = { kind: 'None' }

/**
 * Reads `spec.sessionAffinity` and `spec.sessionAffinityConfig.clientIP.timeoutSeconds` of a Service object. Absent means None, and
 * 10 800 seconds.
 */
export function readAffinity(service: unknown): AffinityReading {
  const { sessionAffinity, sessionAffinityConfig } = fieldsOf(fieldsOf(service).spec)
  if (sessionAffinity === undefined || sessionAffinity === 'None') return { affinity: NONE, fault: undefined }
  if (sessionAffinity !== 'ClientIP') {
    return {
      affinity: NONE,
      fault: `spec.sessionAffinity: expected None or ClientIP, got ${shown(sessionAffinity)}`,
    }
  }
  const { timeoutSeconds = DEFAULT_TIMEOUT_SECONDS } = fieldsOf(fieldsOf(sessionAffinityConfig).clientIP)
  const isAllowed =
    Number.isInteger(timeoutSeconds) &&
    (timeoutSeconds as number) >= 1 &&
    (timeoutSeconds as number) <= MOST_TIMEOUT_SECONDS
  const seconds = isAllowed ? (timeoutSeconds as number) : DEFAULT_TIMEOUT_SECONDS
  const fault = isAllowed
    ? undefined
    : `spec.sessionAffinityConfig.clientIP.timeoutSeconds: expected an integer from 1 to ${MOST_TIMEOUT_SECONDS}, got ${shown(timeoutSeconds)}`
  return { affinity: { kind: 'ClientIP', timeoutMs: seconds * 1_000 }, fault }
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : String(value).slice(0, 80)
}
