import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  endpointSlice,
  type FakeKubernetes,
  fakeKubernetes,
  type SliceEndpointInit,
} from '@limpet/core/testing'
import type { IRole } from 'kubernetes-models/rbac.authorization.k8s.io/v1'
import { containerOf, environmentOf, manifestsIn, one, type Workload } from './manifests.ts'
import { Program } from './program.ts'

const NAMESPACE = 'limpet'

/** A gateway of the example, with the environment that its manifest gives it. */
export interface RunningGateway {
  readonly url: string
  readonly adminUrl: string
  readonly program: Program
}

/** The pod that a gateway sends a key to. @throws Error if the answer is not 200 */
export async function podOf({ url }: RunningGateway, key: string): Promise<string> {
  const response = await fetch(url, { headers: { 'x-session-id': key } })
  const text = await response.text()
  if (response.status !== 200) throw new Error(`${response.status}: ${text}`)
  return JSON.parse(text).pod
}

/**
 * What stands around the gateway: an API server that allows what the Role of the example allows, and the pods of `web`, each a process with
 * an address of its own.
 */
export class Cluster implements AsyncDisposable {
  readonly api: FakeKubernetes
  /** Where the service account of the gateway is mounted. */
  readonly #folder: string
  readonly #network: string
  readonly #programs: Program[] = []
  readonly #pods = new Map<string, { program: Program; endpoint: SliceEndpointInit }>()
  #addresses = 0
  #port = 0

  private constructor(api: FakeKubernetes) {
    this.api = api
    // Of this process alone: tests of other processes have pods too.
    this.#network = `127.${1 + ((process.pid >> 8) % 250)}.${process.pid & 255}`
    this.#folder = mkdtempSync(join(tmpdir(), 'limpet-account-'))
    const files = { token: api.token, 'ca.crt': api.ca, namespace: NAMESPACE }
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.#folder, name), text)
  }

  static async start(watchList: 'served' | 'refused' = 'served'): Promise<Cluster> {
    const user = `system:serviceaccount:${NAMESPACE}:gateway`
    const cluster = new Cluster(await fakeKubernetes({ user, watchList }))
    cluster.#forbidOthers()
    return cluster
  }

  /** Starts a pod, at an address that no pod had before, and lists it. */
  async startPod(name: string): Promise<string> {
    const address = `${this.#network}.${++this.#addresses}`
    const env = { POD_NAME: name, HOST: address, PORT: String(this.#port) }
    const program = this.#run(['node', 'pod.ts'], env)
    const [, port] = await program.printed(/listens on port (\d+)/)
    this.#port = Number(port)
    this.#pods.set(name, { program, endpoint: { address, pod: name, hostname: name } })
    this.#list()
    return address
  }

  /** Lists a pod as one that ends, and still serves. */
  terminate(name: string): void {
    const pod = this.#pods.get(name)
    if (pod) this.#pods.set(name, { ...pod, endpoint: { ...pod.endpoint, terminating: true } })
    this.#list()
  }

  /** Ends a pod as the kubelet does after its hook, and lists it no longer. */
  async endPod(name: string): Promise<void> {
    const pod = this.#pods.get(name)
    this.#pods.delete(name)
    this.#list()
    pod?.program.process.kill('SIGTERM')
    await pod?.program.exit
  }

  /** Starts a gateway with the environment of the Deployment; ports and addresses are those of this machine. */
  async startGateway(env: Readonly<Record<string, string>> = {}, folder?: string): Promise<RunningGateway> {
    const gateway = containerOf(one<Workload>(manifestsIn('base/gateway.yaml'), 'Deployment', 'gateway'))
    const [node = '', ...args] = gateway.command ?? []
    const program = this.#run(
      [node, ...(folder === undefined ? ['--conditions=@limpet/source'] : []), ...args],
      {
        ...environmentOf(gateway, { 'metadata.namespace': NAMESPACE }),
        HOST: '127.0.0.1',
        PORT: '0',
        ADMIN_PORT: '0',
        KUBERNETES_SERVICE_HOST: '127.0.0.1',
        KUBERNETES_SERVICE_PORT: String(this.api.port),
        SERVICE_ACCOUNT: this.#folder,
        ...env,
      },
      folder,
    )
    const [, url = '', adminUrl = ''] = await program.printed(
      /listens on (\S+), probes and drains on (\S+)\n/,
    )
    return { url, adminUrl, program }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.stop()))
    await this.api.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #run(command: readonly string[], env: Readonly<Record<string, string>>, folder?: string): Program {
    const program = new Program(command, env, folder)
    this.#programs.push(program)
    return program
  }

  #list(): void {
    const endpoints = [...this.#pods.values()].map(({ endpoint }) => endpoint)
    const ports = [{ name: 'http', port: this.#port }]
    this.api.put(endpointSlice({ namespace: NAMESPACE, service: 'web', endpoints, ports }))
  }

  #forbidOthers(): void {
    const { rules } = one<IRole>(manifestsIn('base/gateway-rights.yaml'), 'Role', 'gateway')
    for (const resource of ['endpointslices', 'services', 'pods', 'endpoints', 'nodes', 'secrets']) {
      for (const verb of ['get', 'list', 'watch'] as const) {
        const isAllowed = rules?.some(
          (rule) => rule.resources?.includes(resource) && rule.verbs.includes(verb),
        )
        if (!isAllowed) this.api.forbid({ verb, resource })
      }
    }
  }
}
