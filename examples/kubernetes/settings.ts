/** What the environment tells the gateway. */
export interface Settings {
  /** The Service whose pods get the requests. */
  readonly service: string
  readonly namespace: string
  /** Name or number of the Service's port; undefined = its only one. */
  readonly servicePort: string | number | undefined
  /** The request header whose value is the key. */
  readonly header: string
  /** Address to listen on; undefined = every address. */
  readonly host: string | undefined
  readonly port: number
  readonly adminPort: number
  /** Where the table is that every replica shares; undefined = in the memory of each. */
  readonly valkeyUrl: string | undefined
  readonly onLost: 'rebind' | 'detour'
  /** How long a pod that ends keeps its keys. */
  readonly drainMs: number
  readonly readinessDelayMs: number
  readonly graceMs: number
  /** Where the service account is mounted; undefined = where Kubernetes mounts it. */
  readonly serviceAccount: string | undefined
}

/** @throws Error that names the variable */
export function settingsOf(env: NodeJS.ProcessEnv): Settings {
  const { SERVICE_PORT: port } = env
  return {
    service: env.SERVICE ?? 'web',
    namespace: env.NAMESPACE ?? 'default',
    servicePort: port !== undefined && /^\d+$/.test(port) ? Number(port) : port,
    header: env.HEADER ?? 'x-session-id',
    host: env.HOST,
    port: wholeNumber(env, 'PORT', 8080, 0, 65_535),
    adminPort: wholeNumber(env, 'ADMIN_PORT', 9090, 0, 65_535),
    valkeyUrl: urlOf(env, 'VALKEY_URL'),
    onLost: oneOf(env, 'ON_LOST', ['rebind', 'detour']),
    drainMs: 1_000 * wholeNumber(env, 'DRAIN_SECONDS', 75, 0, 86_400),
    readinessDelayMs: 1_000 * wholeNumber(env, 'READINESS_DELAY_SECONDS', 5, 0, 3_600),
    graceMs: 1_000 * wholeNumber(env, 'GRACE_SECONDS', 20, 0, 3_600),
    serviceAccount: env.SERVICE_ACCOUNT,
  }
}

function wholeNumber(
  env: NodeJS.ProcessEnv,
  name: string,
  otherwise: number,
  least: number,
  most: number,
): number {
  const text = env[name]
  if (text === undefined) return otherwise
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (value >= least && value <= most) return value
  throw new Error(`${name}: expected a whole number from ${least} to ${most}, got "${text}"`)
}

/** The first one where the variable is not set. */
function oneOf<T extends string>(env: NodeJS.ProcessEnv, name: string, values: readonly [T, ...T[]]): T {
  const text = env[name] ?? values[0]
  const found = values.find((value) => value === text)
  if (found !== undefined) return found
  throw new Error(`${name}: expected ${values.join(' or ')}, got "${text}"`)
}

/** The value is not told: it may hold a password. */
function urlOf(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const text = env[name]
  if (text === undefined || text === '') return undefined
  if (/^rediss?:\/\//.test(text) && URL.canParse(text)) return text
  throw new Error(`${name}: expected a URL such as redis://valkey:6379`)
}
