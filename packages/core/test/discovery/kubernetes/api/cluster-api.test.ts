import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KubeConfig } from '@kubernetes/client-node'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { statusOf } from '../../../../src/discovery/kubernetes/api/api-status.ts'
import { clusterApi, inClusterApi } from '../../../../src/discovery/kubernetes/api/cluster-api.ts'
import { kubeConfigApi } from '../../../../src/discovery/kubernetes/api/kube-config-api.ts'
import type {
  Collection,
  KubernetesApi,
  ListPage,
  WatchEvent,
} from '../../../../src/discovery/kubernetes/api/kubernetes-api.ts'
import { type FakeKubernetes, fakeKubernetes } from '../../../../src/testing/index.ts'
import { until } from '../../../support/until.ts'
import { slice } from '../support.ts'

const SLICES: Collection = {
  group: 'discovery.k8s.io',
  version: 'v1',
  plural: 'endpointslices',
  namespace: 'default',
  labelSelector: 'kubernetes.io/service-name=web',
}
const never = new AbortController().signal

let server: FakeKubernetes
let directory: string
beforeEach(async () => {
  server = await fakeKubernetes()
  server.put(slice('web-a', { 'web-0': 1 }))
  server.put(slice('web-b', { 'web-1': 2 }))
  directory = mkdtempSync(join(tmpdir(), 'limpet-'))
})
afterEach(async () => {
  await server.close()
  rmSync(directory, { recursive: true })
})

const list = (api: KubernetesApi, query = {}): Promise<ListPage> => api.list(SLICES, query, never)
const names = ({ items }: ListPage): string[] => items.map(({ metadata }) => metadata.name)
const explicit = (more = {}): KubernetesApi =>
  clusterApi({ server: server.url, ca: server.ca, token: server.token, ...more })

/** Writes as the kubelet does: another file in the old one's place. */
function mount(name: string, text: string): void {
  writeFileSync(join(directory, `..${name}`), text)
  renameSync(join(directory, `..${name}`), join(directory, name))
}

function mounted(host = '127.0.0.1'): KubernetesApi {
  mount('token', `${server.token}\n`)
  mount('ca.crt', server.ca)
  mount('namespace', 'shop')
  const environment = { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: String(server.port) }
  return inClusterApi({ directory, environment })
}

/** What a watch gives, taken as it comes. */
class Taken {
  readonly events: WatchEvent[] = []
  error: unknown = undefined
  isOver = false
  readonly #abort = new AbortController()
  isOpen = false

  constructor(api: KubernetesApi, query = {}) {
    this.#run(api, { allowWatchBookmarks: true, timeoutSeconds: 300, ...query }).catch(() => undefined)
  }

  async #run(api: KubernetesApi, query: Parameters<KubernetesApi['watch']>[1]): Promise<void> {
    try {
      const opened = () => {
        this.isOpen = true
      }
      for await (const event of api.watch(SLICES, query, this.#abort.signal, opened)) this.events.push(event)
    } catch (error) {
      this.error = error
    }
    this.isOver = true
  }

  async over(): Promise<void> {
    await until(() => this.isOver || undefined, 'the end of a watch')
  }

  async has(count: number): Promise<void> {
    await until(() => (this.events.length >= count ? true : undefined), `${count} events`)
  }

  async end(): Promise<void> {
    this.#abort.abort()
    await this.over()
  }
}

describe('an API at a given address', () => {
  it('lists with a token, page by page', async () => {
    const first = await list(explicit(), { limit: 1 })
    expect(names(first)).toEqual(['web-a'])
    expect(first.remainingItemCount === undefined || first.remainingItemCount === 1).toBe(true)
    const second = await list(explicit(), { limit: 1, continue: first.continue })
    expect(names(second)).toEqual(['web-b'])
    expect(second.continue).toBeUndefined()
  })

  it('lists with a client certificate', async () => {
    const { url, ca, clientCertificate } = server
    expect(names(await list(clusterApi({ server: url, ca, clientCertificate })))).toEqual(['web-a', 'web-b'])
  })

  it('keeps its connection for further lists', async () => {
    const api = explicit()
    for (let count = 0; count < 5; count++) await list(api)
    expect(server.connections).toBe(1)
  })

  it('trusts only the authorities it was told', async () => {
    await expect(list(clusterApi({ server: server.url, token: server.token }))).rejects.toThrow(/certificate/)
  })

  it('rejects with what the server said', async () => {
    server.disturb({ kind: 'status', code: 429, retryAfterSeconds: 7 })
    const error = await list(explicit()).catch((reason) => reason)
    expect(error).toMatchObject({ code: 'kubernetes', message: expect.stringContaining('answered 429') })
    expect(statusOf(error)).toMatchObject({ code: 429, details: { retryAfterSeconds: 7 } })
  })

  it.each([
    ['no JSON', { kind: 'status', code: 200, body: '<html>' }, 'expected JSON'],
    [
      'no list',
      { kind: 'status', code: 200, body: '{"items":[{}],"metadata":{"resourceVersion":"1"}}' },
      'expected a list',
    ],
    [
      'a longer list than allowed',
      { kind: 'status', code: 200, body: 'x'.repeat(2_000_000) },
      'at most 1048576 bytes',
    ],
    ['a page that is cut', { kind: 'cut', afterBytes: 100 }, 'no connection'],
    ['a reset', { kind: 'reset' }, 'no connection'],
    ['HTML for an error', { kind: 'status', code: 502, body: '<html>bad gateway</html>' }, 'answered 502'],
  ] as const)('rejects a list that is %s', async (_what, disturbance, message) => {
    server.disturb(disturbance)
    await expect(list(explicit({ maxListBytes: 1_048_576 }))).rejects.toThrow(message)
    expect(names(await list(explicit()))).toEqual(['web-a', 'web-b'])
  })

  it.each([
    ['before its head', { kind: 'silent' } as const],
    ['within its body', { kind: 'silent', afterBytes: 100 } as const],
  ])('gives an answer up that stops %s', async (_where, disturbance) => {
    server.disturb(disturbance)
    await expect(list(explicit({ responseTimeoutMs: 100 }))).rejects.toThrow('within 100 ms')
  })

  it('does not wait for one that is no longer wanted', async () => {
    server.disturb({ kind: 'silent' })
    const abort = new AbortController()
    const asked = explicit().list(SLICES, {}, abort.signal)
    await server.requested(1)
    abort.abort(new Error('enough'))
    await expect(asked).rejects.toThrow('enough')
  })

  it.each([
    [{ server: 'ftp://x' }, 'clusterApi.server'],
    [{ server: 'http://127.0.0.1', token: 'x' }, 'clusterApi.server'],
    [{ token: '' }, 'clusterApi.token'],
    [{ tokenFile: '/x' }, 'clusterApi.tokenFile'],
    [{ clientCertificate: { cert: 'x' } }, 'clusterApi.clientCertificate.key'],
    [{ maxListBytes: 1 }, 'clusterApi.maxListBytes'],
    [{ insecure: true }, 'clusterApi.insecure'],
  ])('refuses %o', (options, named) => {
    expect(() => explicit(options)).toThrow(`"${named}"`)
  })

  it('never shows a token that no header can hold', async () => {
    const error = await list(explicit({ token: 'se\ncret' })).catch((reason) => reason)
    expect(error.code).toBe('kubernetes')
    expect(error.message).not.toContain('cret')
  })
})

describe('a watch', () => {
  it('tells changes, whatever the pieces they come in', async () => {
    server.put(slice('web-z', { 'zürich-🐚': 9 }))
    server.disturb({ kind: 'chunks', bytes: 7 })
    const watch = new Taken(explicit(), { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' })
    await watch.has(4)
    expect(watch.events.map(({ type }) => type)).toEqual(['ADDED', 'ADDED', 'ADDED', 'BOOKMARK'])
    expect(JSON.stringify(watch.events[2])).toContain('zürich-🐚')
    expect(watch.isOpen).toBe(true)
    await watch.end()
    expect(watch.error).toBeUndefined()
    await server.watched(0)
  })

  it.each([
    ['text', { kind: 'line', text: 'garbage' } as const, 'expected JSON'],
    [
      'an event of no kind',
      { kind: 'line', text: '{"type":"MOVED","object":{}}' } as const,
      'expected a watch event',
    ],
    [
      'an object without a name',
      { kind: 'line', text: '{"type":"ADDED","object":{"metadata":{}}}' } as const,
      'expected a watch event',
    ],
    ['null', { kind: 'line', text: 'null' } as const, 'expected a watch event'],
    ['a line without an end', { kind: 'huge-line', bytes: 2_000_000 } as const, 'at most 1048576 bytes'],
    ['half an event', { kind: 'cut', afterBytes: 150, clean: true } as const, 'ended within an event'],
    ['a reset', { kind: 'reset', afterBytes: 150 } as const, 'no connection'],
  ])('fails at %s, with its connection closed', async (_what, disturbance, message) => {
    server.disturb(disturbance)
    const watch = new Taken(explicit({ maxEventBytes: 1_048_576 }), {
      sendInitialEvents: true,
      resourceVersionMatch: 'NotOlderThan',
    })
    await watch.over()
    expect(watch.error).toMatchObject({ code: 'kubernetes', message: expect.stringContaining(message) })
    await server.watched(0)
  })

  it('has a connection of its own, closed with it', async () => {
    const { resourceVersion } = server
    const watch = new Taken(explicit(), { resourceVersion })
    await server.watched(1)
    expect(server.connections).toBe(1)
    await watch.end()
    await until(() => (server.connections === 0 ? true : undefined), 'no connection')
  })

  it('gives an answer up whose head does not come', async () => {
    server.disturb({ kind: 'silent' })
    const watch = new Taken(explicit({ responseTimeoutMs: 100 }))
    await watch.over()
    expect(watch.error).toMatchObject({ message: expect.stringContaining('no answer within 100 ms') })
  })
})

describe('the API of the cluster that a pod runs in', () => {
  it('is found by the environment and the mounted service account', async () => {
    const api = mounted()
    expect(api.namespace).toBe('shop')
    expect(names(await list(api))).toEqual(['web-a', 'web-b'])
  })

  it('is reached at an IPv6 address', async () => {
    await server.close()
    server = await fakeKubernetes({ host: '::1' })
    server.put(slice('web-a', { 'web-0': 1 }))
    expect(names(await list(mounted('::1')))).toEqual(['web-a'])
    expect(names(await list(explicit()))).toEqual(['web-a'])
  })

  it('is asked with the token that is mounted now', async () => {
    const api = mounted()
    await list(api)
    server.setToken('second')
    await expect(list(api)).rejects.toThrow('401')
    mount('token', 'second')
    expect(names(await list(api))).toEqual(['web-a', 'web-b'])
  })

  it('is asked once more after a 401: the token may just have been replaced', async () => {
    const api = mounted()
    server.disturb({ kind: 'status', code: 401 })
    expect(names(await list(api))).toEqual(['web-a', 'web-b'])
    expect(server.requests).toHaveLength(2)
  })

  it('is trusted by the authorities that are mounted now', async () => {
    const api = mounted()
    const { ca } = server
    mount('ca.crt', ca.replace(/[A-Z]{8}/, 'AAAAAAAA'))
    await expect(list(api)).rejects.toThrow()
    mount('ca.crt', ca)
    expect(names(await list(api))).toEqual(['web-a', 'web-b'])
  })

  it('goes on with the last token while none can be read', async () => {
    const api = mounted()
    await list(api)
    rmSync(join(directory, 'token'))
    expect(names(await list(api))).toEqual(['web-a', 'web-b'])
  })

  it('says what is not mounted', async () => {
    const api = mounted()
    rmSync(join(directory, 'token'))
    await expect(list(api)).rejects.toThrow(/token: cannot be read: ENOENT/)
  })

  it('is not found outside a pod, which says what to use', () => {
    expect(() => inClusterApi({ directory, environment: {} })).toThrow(
      'no KUBERNETES_SERVICE_HOST; outside use clusterApi',
    )
    expect(() => inClusterApi({ environment: { KUBERNETES_SERVICE_HOST: 'a b' } })).toThrow('expected a URL')
  })
})

describe('the API that a kubeconfig names, by the real @kubernetes/client-node', () => {
  function kubeConfig(user: object): KubeConfig {
    const config = new KubeConfig()
    config.loadFromString(
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': 'test',
        contexts: [{ name: 'test', context: { cluster: 'fake', user: 'me', namespace: 'shop' } }],
        clusters: [
          {
            name: 'fake',
            cluster: {
              server: server.url,
              'certificate-authority-data': Buffer.from(server.ca).toString('base64'),
            },
          },
        ],
        users: [{ name: 'me', user }],
      }),
    )
    return config
  }

  it('is asked with its token, and its namespace is known', async () => {
    const api = kubeConfigApi(kubeConfig({ token: server.token }))
    expect(api.namespace).toBe('shop')
    expect(names(await list(api))).toEqual(['web-a', 'web-b'])
    const watch = new Taken(api, { resourceVersion: server.resourceVersion })
    await server.watched(1)
    server.put(slice('web-c', { 'web-2': 3 }))
    await watch.has(1)
    await watch.end()
  })

  it('is asked with its client certificate', async () => {
    const { cert, key } = server.clientCertificate
    const api = kubeConfigApi(
      kubeConfig({
        'client-certificate-data': Buffer.from(cert).toString('base64'),
        'client-key-data': Buffer.from(key).toString('base64'),
      }),
    )
    expect(names(await list(api))).toEqual(['web-a', 'web-b'])
  })

  it('is asked with the token that a plug-in gives for each request', async () => {
    const command = join(directory, 'plugin')
    const answer = (token: string) =>
      mount(
        'answer.json',
        JSON.stringify({
          apiVersion: 'client.authentication.k8s.io/v1',
          kind: 'ExecCredential',
          status: { token, expirationTimestamp: '2000-01-01T00:00:00Z' },
        }),
      )
    answer(server.token)
    writeFileSync(command, `#!/bin/sh\ncat '${join(directory, 'answer.json')}'\n`, { mode: 0o755 })
    const api = kubeConfigApi(
      kubeConfig({
        exec: { apiVersion: 'client.authentication.k8s.io/v1', command, interactiveMode: 'Never' },
      }),
    )
    expect(names(await list(api))).toEqual(['web-a', 'web-b'])
    server.setToken('second')
    answer('second')
    expect(names(await list(api))).toEqual(['web-a', 'web-b'])
  })

  it('is refused where no cluster is current', () => {
    expect(() => kubeConfigApi(new KubeConfig())).toThrow('"kubeConfigApi.config"')
  })
})
