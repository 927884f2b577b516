import { type Clock, systemClock } from '../../clock.ts'
import { StickyError } from '../../error.ts'
import {
  choiceOption,
  contractOption,
  durationOption,
  integerOption,
  invalidOption,
  optionsObject,
} from '../../option.ts'
import { Access } from './access.ts'
import { ApiServer } from './api-server.ts'
import { CLIENT_CERTIFICATE, TEST_CA } from './certificates.ts'
import { checkedDisturbance } from './checked-disturbance.ts'
import type { Disturbance, DisturbanceScope } from './disturbance.ts'
import type { KubernetesObjectInit } from './kubernetes-object.ts'
import type { WatchListSupport } from './list-query.ts'
import { ObjectStore } from './object-store.ts'
import type { FakeKubernetesRequest } from './request-log.ts'
import type { RequestMatch } from './request-match.ts'
import { type FakeResource, Resources } from './resources.ts'
import type { WatchEnding } from './watches.ts'

/** @public */
export interface FakeKubernetesOptions {
  /** Where it listens, on a free port. Default `127.0.0.1`. */
  readonly host?: '127.0.0.1' | '::1'
  /** Times bookmarks, the ends of watches and delays. Default: the clock of this process. */
  readonly clock?: Clock
  /** The bearer token that is valid. Default `fake-token`. */
  readonly token?: string
  /** Whose token it is: errors of RBAC name it. Default `system:serviceaccount:default:gateway`. */
  readonly user?: string
  /** Whether watch-list is offered. Default `served`. */
  readonly watchList?: WatchListSupport
  /** How often watches that want bookmarks get one, in milliseconds. Default 60 000, the real server's. */
  readonly bookmarkEveryMs?: number
  /** How many writes are remembered at least; older versions are gone. Default 1 000. */
  readonly historyLimit?: number
  /** Kinds to be served besides pods, services, endpointslices and other common ones. */
  readonly resources?: readonly FakeResource[]
}

/**
 * A server that speaks the Kubernetes API as far as readers need it: get, list and watch over TLS. Objects are written by the methods
 * here, not over the wire.
 *
 * @public
 */
export interface FakeKubernetes extends AsyncDisposable {
  /** `https://127.0.0.1:…` */
  readonly url: string
  readonly port: number
  /** The certificate authority to trust, as PEM. */
  readonly ca: string
  /** A client certificate that is accepted in place of a token, as PEM: the user `gateway`. */
  readonly clientCertificate: { readonly cert: string; readonly key: string }
  /** The token that is valid. */
  readonly token: string
  /** Makes another token the valid one. The old one then gets 401; open watches stay, as in the real server. */
  setToken(token: string): void
  /** Forbids requests that match, as RBAC does (403). Answers a function that allows them again. */
  forbid(match: RequestMatch): () => void
  /** From now on, watch-list is offered or not. */
  setWatchList(support: WatchListSupport): void

  /** The version of the newest write. */
  readonly resourceVersion: string
  /**
   * Creates or replaces an object, by `kind`, namespace and name; answers its version. An equal object is no write. With another `uid` than the
   * one stored, the old object is deleted first.
   */
  put<T extends KubernetesObjectInit>(object: T): string
  /** Deletes an object; answers the version of that, or undefined where there is none. `namespace` counts only where the kind has one. */
  remove(kind: string, namespace: string, name: string): string | undefined
  /** Forgets all versions but the present one: whoever lists or watches from an older one then gets 410. */
  compact(): void
  /** Sends a bookmark to every open watch that has asked for them. */
  bookmark(): void

  /** Lets something go wrong with requests to come, after what is scripted already. Answers a function that calls it off. */
  disturb(disturbance: Disturbance & DisturbanceScope): () => void
  /** Ends open watches, in the way given. Default: `end`, and all of them. */
  endWatches(how?: WatchEnding, match?: RequestMatch): void
  /** Closes every connection and refuses new ones, until {@link FakeKubernetes.start}. */
  stop(): Promise<void>
  /** Listens again, on the same port. */
  start(): Promise<void>

  /** What was asked, oldest first; the newest 5 000 at least. */
  readonly requests: readonly FakeKubernetesRequest[]
  /** Resolves with the `count`th request of those that match, when it has come. */
  requested(count: number, match?: RequestMatch): Promise<FakeKubernetesRequest>
  /** Watches that are open. */
  readonly watchers: number
  /** Resolves when exactly so many watches that match are open. */
  watched(count: number, match?: RequestMatch): Promise<void>
  /** Connections that are open. */
  readonly connections: number
  /** Ends everything. Once is enough. */
  close(): Promise<void>
}

const OPTIONS: readonly (keyof FakeKubernetesOptions)[] = [
  'host',
  'clock',
  'token',
  'user',
  'watchList',
  'bookmarkEveryMs',
  'historyLimit',
  'resources',
]

/** Starts a {@link FakeKubernetes}. @public */
export async function fakeKubernetes(options: FakeKubernetesOptions = {}): Promise<FakeKubernetes> {
  const {
    host = '127.0.0.1',
    clock = systemClock,
    token = 'fake-token',
    user = 'system:serviceaccount:default:gateway',
    watchList = 'served',
    bookmarkEveryMs = 60_000,
    historyLimit = 1_000,
    resources: more = [],
  } = optionsObject('fakeKubernetes', options, OPTIONS)
  choiceOption('host', host, ['127.0.0.1', '::1'])
  contractOption('clock', clock, 'Clock', ['now', 'after'])
  choiceOption('watchList', watchList, ['served', 'refused', 'bad-request', 'ignored'])
  durationOption('bookmarkEveryMs', bookmarkEveryMs, 1, 'finite')
  integerOption('historyLimit', historyLimit, 1, 1_000_000)
  if (typeof token !== 'string' || token === '')
    throw invalidOption('token', 'a text that is not empty', token)
  if (!Array.isArray(more) || !more.every((resource) => typeof resource?.plural === 'string')) {
    throw invalidOption('resources', 'a list of { group, version, kind, plural, namespaced }', more)
  }

  const resources = new Resources(more)
  const store = new ObjectStore(clock, historyLimit)
  const access = new Access(token, user)
  const server = new ApiServer({ host, clock, store, resources, access, watchList, bookmarkEveryMs })
  const { connections, log, script, watches } = server
  let isClosed = false
  const close = async (): Promise<void> => {
    isClosed = true
    await server.stop()
  }
  await connections.start()

  const resourceOf = (kind: string, apiVersion?: string): FakeResource => {
    const found = resources.ofKind(kind, apiVersion)
    if (found) return found
    throw invalidOption('kind', 'a kind of `resources`, with its apiVersion', `${apiVersion ?? ''} ${kind}`)
  }
  return {
    url: `https://${host === '::1' ? '[::1]' : host}:${connections.port}`,
    port: connections.port,
    ca: TEST_CA,
    clientCertificate: CLIENT_CERTIFICATE,
    get token() {
      return access.token
    },
    setToken(text) {
      access.token = text
    },
    forbid: (match) => access.forbid(match),
    setWatchList(support) {
      server.watchList = support
    },
    get resourceVersion() {
      return String(store.revision)
    },
    put: (object) => store.put(resourceOf(object.kind, object.apiVersion), object).metadata.resourceVersion,
    remove(kind, namespace, name) {
      const resource = resourceOf(kind)
      const isThere = store.remove(resource, resource.namespaced ? namespace : undefined, name)
      return isThere ? String(store.revision) : undefined
    },
    compact: () => store.compact(),
    bookmark: () => watches.bookmark(),
    disturb: (disturbance) => script.add(checkedDisturbance(disturbance)),
    endWatches: (how = 'end', match = {}) => watches.end(how, match),
    stop: () => server.stop(),
    async start() {
      if (isClosed) throw new StickyError('closed', 'this fake API server is closed')
      await connections.start()
    },
    get requests() {
      return log.requests
    },
    requested: (count, match = {}) => log.nth(count, match),
    get watchers() {
      return watches.count
    },
    watched: (count, match = {}) => watches.until(count, match),
    get connections() {
      return connections.open
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
