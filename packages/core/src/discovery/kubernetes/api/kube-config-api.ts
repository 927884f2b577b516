import type { Agent } from 'node:http'
import { contractOption, invalidOption, optionsObject } from '../../../option.ts'
import type { AccessSource, SecureTarget } from './access.ts'
import { type ApiOptions, httpsApi, serverOption } from './cluster-api.ts'
import type { KubernetesApi } from './kubernetes-api.ts'

/**
 * What is needed of a `KubeConfig` of `@kubernetes/client-node` (version 1 or 2): it reads kubeconfig files and knows
 * exec plug-ins, OIDC and proxies.
 *
 * @public
 */
export interface KubeConfigLike {
  getCurrentCluster(): { readonly server: string } | null
  /** Writes headers, certificates and an agent for one request; a token that has ended is got anew. */
  // biome-ignore lint/suspicious/noExplicitAny: its parameter's type differs between versions, and none is imported here
  applyToHTTPSOptions(options: any): Promise<void>
  getCurrentContext?(): string
  getContextObject?(name: string): { readonly namespace?: string } | null
}

/** What `applyToHTTPSOptions` may have written. */
interface AppliedOptions extends SecureTarget {
  headers?: Record<string, string>
  auth?: string
  agent?: Agent
}

/**
 * The API server that a kubeconfig names. The KubeConfig is asked for credentials before each request; all else (watches
 * that go on, bounds, what is known of half-open connections) is as with the other APIs.
 *
 * @throws StickyError `invalid-option`
 * @public
 */
export function kubeConfigApi(config: KubeConfigLike, options: ApiOptions = {}): KubernetesApi {
  const path = 'kubeConfigApi'
  contractOption(`${path}.config`, config, 'KubeConfig', ['getCurrentCluster', 'applyToHTTPSOptions'])
  optionsObject(path, options, ['responseTimeoutMs', 'maxListBytes', 'maxEventBytes', 'clock'])
  const cluster = config.getCurrentCluster()
  if (!cluster) throw invalidOption(`${path}.config`, 'a KubeConfig with a current cluster', 'one without')
  const server = serverOption(`${path}.config`, cluster.server)
  const context = config.getCurrentContext?.()
  const namespace = context === undefined ? undefined : config.getContextObject?.(context)?.namespace
  const access: AccessSource = async () => {
    const applied: AppliedOptions = {}
    await config.applyToHTTPSOptions(applied)
    const { headers = {}, auth, agent, ...tls } = applied
    const basic = auth === undefined ? {} : { authorization: `Basic ${Buffer.from(auth).toString('base64')}` }
    return { headers: { ...headers, ...basic }, tls, ...(agent && { agent }) }
  }
  return httpsApi(path, server, access, options, namespace || undefined)
}
