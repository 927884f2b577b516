import { readFileSync } from 'node:fs'
import { isIPv6 } from 'node:net'
import { join } from 'node:path'
import { type Clock, systemClock } from '../../../clock.ts'
import { StickyError } from '../../../error.ts'
import {
  contractOption,
  durationOption,
  integerOption,
  invalidOption,
  optionsObject,
} from '../../../option.ts'
import type { AccessSource } from './access.ts'
import { CredentialFile } from './credential-file.ts'
import { HttpsApi } from './https-api.ts'
import type { KubernetesApi } from './kubernetes-api.ts'

/** What is the same for every way to an API server. @public */
export interface ApiOptions {
  /** The longest wait for an answer's head and, of a list, for all of it, in milliseconds; at least 1. Default 30 000. */
  readonly responseTimeoutMs?: number
  /** The longest answer to a list, in bytes, 1 024 to 2^30. Default 134 217 728. */
  readonly maxListBytes?: number
  /** The longest event of a watch, in bytes, 1 024 to 2^30. Default 8 388 608: objects have at most some 1.5 MB in etcd. */
  readonly maxEventBytes?: number
  /** Default: the clock of this process. */
  readonly clock?: Clock
}

/** Options of {@link clusterApi}. @public */
export interface ClusterApiOptions extends ApiOptions {
  /** `https://host:port`, and a path where there is one. `http:` only without credentials, as for `kubectl proxy`. */
  readonly server: string | URL
  /** A bearer token. One that is replaced now and then belongs in a `tokenFile`. */
  readonly token?: string
  /** A file with the bearer token. It is read anew for each request. */
  readonly tokenFile?: string
  /** Certificate and key that we show, as PEM. */
  readonly clientCertificate?: { readonly cert: string; readonly key: string }
  /** The authorities that the server's certificate may be of, as PEM. Default: those of node. */
  readonly ca?: string
  /** What is meant where `kubernetes()` names none. */
  readonly namespace?: string
}

/** Options of {@link inClusterApi}. @public */
export interface InClusterApiOptions extends ApiOptions {
  /** Where the service account is mounted. Default `/var/run/secrets/kubernetes.io/serviceaccount`. */
  readonly directory?: string
  /** Has `KUBERNETES_SERVICE_HOST` and `KUBERNETES_SERVICE_PORT`. Default `process.env`. */
  readonly environment?: Readonly<Record<string, string | undefined>>
}

const API_NAMES = ['responseTimeoutMs', 'maxListBytes', 'maxEventBytes', 'clock'] as const
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

/**
 * The API server at a given address. Opens nothing before it is asked.
 *
 * @throws StickyError `invalid-option`
 * @public
 */
export function clusterApi(options: ClusterApiOptions): KubernetesApi {
  const path = 'clusterApi'
  optionsObject(path, options, [
    'server',
    'token',
    'tokenFile',
    'clientCertificate',
    'ca',
    'namespace',
    ...API_NAMES,
  ])
  const server = serverOption(`${path}.server`, options.server)
  for (const name of ['token', 'tokenFile', 'ca', 'namespace'] as const) {
    if (options[name] !== undefined) textOption(`${path}.${name}`, options[name])
  }
  const { token, tokenFile, clientCertificate, ca, namespace } = options
  if (token !== undefined && tokenFile !== undefined) {
    throw invalidOption(`${path}.tokenFile`, 'to be left out where there is a token', tokenFile)
  }
  if (clientCertificate !== undefined) {
    optionsObject(`${path}.clientCertificate`, clientCertificate, ['cert', 'key'])
    textOption(`${path}.clientCertificate.cert`, clientCertificate.cert)
    textOption(`${path}.clientCertificate.key`, clientCertificate.key)
  }
  const hasCredentials = [token, tokenFile, clientCertificate].some((given) => given !== undefined)
  if (server.protocol === 'http:' && hasCredentials) {
    throw invalidOption(`${path}.server`, 'an https: URL, since credentials go there', server.href)
  }
  const file = tokenFile === undefined ? undefined : new CredentialFile(tokenFile)
  const tls = { ...(ca !== undefined && { ca }), ...clientCertificate }
  const access: AccessSource = async () => ({ headers: bearer(token ?? (await file?.read())), tls })
  return httpsApi(path, server, access, options, namespace)
}

/**
 * The API server of the cluster that this process runs in, by the service account that every pod has unless told
 * otherwise. Token and authorities are read anew for each request.
 *
 * @throws StickyError `invalid-option` where this is no pod
 * @public
 */
export function inClusterApi(options: InClusterApiOptions = {}): KubernetesApi {
  const path = 'inClusterApi'
  optionsObject(path, options, ['directory', 'environment', ...API_NAMES])
  const { directory = SERVICE_ACCOUNT, environment = process.env } = options
  textOption(`${path}.directory`, directory)
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = environment
  if (host === undefined || host === '') {
    throw new StickyError(
      'invalid-option',
      `option "${path}": expected to run in a pod, got no KUBERNETES_SERVICE_HOST; outside use clusterApi() or kubeConfigApi()`,
    )
  }
  const server = serverOption(path, `https://${isIPv6(host) ? `[${host}]` : host}:${port}`)
  const token = new CredentialFile(join(directory, 'token'))
  const ca = new CredentialFile(join(directory, 'ca.crt'))
  const access: AccessSource = async () => ({
    headers: bearer(await token.read()),
    tls: { ca: await ca.read() },
  })
  return httpsApi(path, server, access, options, namespaceIn(directory))
}

/** An {@link HttpsApi} with checked options. */
export function httpsApi(
  path: string,
  server: URL,
  access: AccessSource,
  options: ApiOptions,
  namespace: string | undefined,
): KubernetesApi {
  const { responseTimeoutMs = 30_000, maxListBytes = 134_217_728, maxEventBytes = 8_388_608 } = options
  const { clock = systemClock } = options
  contractOption(`${path}.clock`, clock, 'Clock', ['now', 'after'])
  durationOption(`${path}.responseTimeoutMs`, responseTimeoutMs, 1, 'finite')
  integerOption(`${path}.maxListBytes`, maxListBytes, 1_024, 2 ** 30)
  integerOption(`${path}.maxEventBytes`, maxEventBytes, 1_024, 2 ** 30)
  return new HttpsApi(
    { server, access, responseTimeoutMs, clock },
    { maxListBytes, maxEventBytes },
    namespace,
  )
}

/** An `http:` or `https:` URL without a query. */
export function serverOption(path: string, value: unknown): URL {
  const url = URL.canParse(String(value)) ? new URL(String(value)) : undefined
  const isServer = url && ['http:', 'https:'].includes(url.protocol) && !url.search && !url.username
  if (!isServer) throw invalidOption(path, 'a URL such as https://10.96.0.1:443', String(value))
  return url
}

function textOption(path: string, value: unknown): void {
  if (typeof value !== 'string' || value.trim() === '')
    throw invalidOption(path, 'a text that is not empty', value)
}

function bearer(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` }
}

/** A pod's namespace never changes, so that it may be read once. */
function namespaceIn(directory: string): string | undefined {
  try {
    return readFileSync(join(directory, 'namespace'), 'utf8').trim() || undefined
  } catch {
    return undefined
  }
}
