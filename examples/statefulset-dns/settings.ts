/** What the environment tells the gateway. */
export interface Settings {
  readonly statefulSet: string
  /** The StatefulSet's `serviceName`. */
  readonly service: string
  readonly namespace: string
  /** The most that the StatefulSet is ever scaled to. */
  readonly replicas: number
  readonly clusterDomain: string
  readonly podPort: number
  /** The request header whose value is the key. */
  readonly header: string
  /** Address to listen on; undefined = every address. */
  readonly host: string | undefined
  readonly port: number
  readonly adminPort: number
  /** How long a pod keeps its keys while it is away. */
  readonly returnWithinMs: number
  /** Servers to ask instead of those in `/etc/resolv.conf`. */
  readonly dnsServers: readonly string[] | undefined
}

/** @throws Error that names the variable */
export function settingsOf(env: NodeJS.ProcessEnv): Settings {
  return {
    statefulSet: env.STATEFUL_SET ?? 'web',
    service: env.SERVICE ?? 'web',
    namespace: env.NAMESPACE ?? 'default',
    replicas: wholeNumber(env, 'REPLICAS', 3, 1, 1_000),
    clusterDomain: env.CLUSTER_DOMAIN ?? 'cluster.local',
    podPort: wholeNumber(env, 'POD_PORT', 8080, 1, 65_535),
    header: env.HEADER ?? 'x-session-id',
    host: env.HOST,
    port: wholeNumber(env, 'PORT', 8080, 0, 65_535),
    adminPort: wholeNumber(env, 'ADMIN_PORT', 9090, 0, 65_535),
    returnWithinMs: 1_000 * wholeNumber(env, 'RETURN_WITHIN_SECONDS', 120, 0, 86_400),
    dnsServers: env.DNS_SERVERS?.split(',').map((server) => server.trim()),
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
