import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../../clock.ts'
import type { Access } from './access.ts'
import { Connections } from './connections.ts'
import type { Disturbance } from './disturbance.ts'
import { listAnswer } from './list-answer.ts'
import { type ListQuery, listQuery, type WatchListSupport } from './list-query.ts'
import type { ObjectStore } from './object-store.ts'
import { RequestLog } from './request-log.ts'
import { type RequestTarget, requestTarget } from './request-target.ts'
import type { Resources } from './resources.ts'
import { Script } from './script.ts'
import {
  expired,
  methodNotAllowed,
  noSuchPath,
  notAcceptable,
  notFound,
  type StatusObject,
} from './status.ts'
import { statusAnswer } from './status-answer.ts'
import { Watch } from './watch.ts'
import { Watches } from './watches.ts'
import { Wire } from './wire.ts'

/** What a server is made with. */
export interface ApiServerInit {
  readonly host: string
  readonly clock: Clock
  readonly store: ObjectStore
  readonly resources: Resources
  readonly access: Access
  readonly watchList: WatchListSupport
  readonly bookmarkEveryMs: number
}

/** Answers requests: disturbance, who asks, what for, may they, the answer. */
export class ApiServer {
  readonly connections: Connections
  readonly log: RequestLog = new RequestLog()
  readonly script: Script = new Script()
  readonly watches: Watches = new Watches()
  watchList: WatchListSupport
  readonly #init: ApiServerInit

  constructor(init: ApiServerInit) {
    this.#init = init
    this.watchList = init.watchList
    this.connections = new Connections(init.host, (request, response) => this.#take(request, response))
  }

  /** Ends every connection, and refuses new ones. */
  async stop(): Promise<void> {
    this.watches.stop()
    await this.connections.stop()
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const { clock, resources } = this.#init
    const method = request.method as string
    const [path = '', search = ''] = (request.url as string).split('?', 2)
    const query = new URLSearchParams(search)
    const target = requestTarget(path, resources)
    const asked = {
      verb: verbOf(method, query, target),
      resource: target?.resource.plural,
      namespace: target?.namespace,
    }
    this.log.add({
      method,
      path,
      query: Object.fromEntries(query),
      ...asked,
      name: target?.name,
      headers: request.headers,
      at: clock.now(),
    })
    // A body has no use here, and must be read for the connection to go on.
    request.resume()
    response.on('error', () => undefined)

    const disturbance = this.script.take(asked)
    const wire = new Wire(response, this.connections, disturbance, clock)
    const answer = () => this.#answer(request, target, asked.verb, query, wire)
    this.#disturbed(disturbance, asked.verb, wire, answer)
  }

  /** What a disturbance does in place of the answer, or before it; the rest is done on the wire. */
  #disturbed(disturbance: Disturbance | undefined, verb: string, wire: Wire, answer: () => void): void {
    switch (disturbance?.kind) {
      case 'status': {
        const { code, headers, body } = statusAnswer(disturbance)
        return wire.document(code, body, headers)
      }
      case 'gone': {
        const status = expired('too old resource version: 1 (2)')
        if (disturbance.as === 'status' || verb !== 'watch') return wire.document(410, status)
        wire.begin(200, {})
        wire.line(JSON.stringify({ type: 'ERROR', object: status }))
        return wire.end()
      }
      case 'reset':
        return disturbance.afterBytes === undefined ? wire.reset() : answer()
      case 'silent':
        return disturbance.afterBytes === undefined ? wire.silence() : answer()
      case 'delay':
        this.#init.clock.after(disturbance.ms, () => {
          if (!wire.isClosed) answer()
        })
        return
      default:
        return answer()
    }
  }

  #answer(
    request: IncomingMessage,
    target: RequestTarget | undefined,
    verb: string,
    query: URLSearchParams,
    wire: Wire,
  ): void {
    const { access, store } = this.#init
    const user = access.userOf(request)
    if (typeof user !== 'string') return refuse(wire, user)
    if (!target) return refuse(wire, noSuchPath())
    const refusal = access.refusal(user, verb, target)
    if (refusal) return refuse(wire, refusal)
    if (request.method !== 'GET') return refuse(wire, methodNotAllowed())
    if (!acceptsJson(request.headers.accept)) return refuse(wire, notAcceptable())
    if (target.name !== undefined && verb === 'get') {
      const object = store.get(target.resource, target.namespace, target.name)
      return object ? wire.document(200, object) : refuse(wire, notFound(target.resource, target.name))
    }
    const read = listQuery(query, target, this.watchList)
    if ('kind' in read) return refuse(wire, read)
    if (read.watch) return this.#watch(target, read, wire)
    const list = listAnswer(store, target, read)
    if ('code' in list) refuse(wire, list as StatusObject)
    else wire.document(200, list)
  }

  #watch(target: RequestTarget, query: ListQuery, wire: Wire): void {
    const { store, clock, bookmarkEveryMs } = this.#init
    const watch = new Watch(store, target, query, wire, clock, bookmarkEveryMs)
    this.watches.add(watch, wire)
    watch.open()
  }
}

function refuse(wire: Wire, status: StatusObject): void {
  const seconds = status.details?.retryAfterSeconds
  wire.document(status.code, status, seconds === undefined ? {} : { 'Retry-After': String(seconds) })
}

function verbOf(method: string, query: URLSearchParams, target: RequestTarget | undefined): string {
  if (method !== 'GET') return method.toLowerCase()
  const watch = query.get('watch')
  if (watch !== null && watch !== '0' && watch.toLowerCase() !== 'false') return 'watch'
  return target?.name === undefined ? 'list' : 'get'
}

/** JSON is all that the fake speaks: no protobuf, no tables. */
function acceptsJson(accept = '*/*'): boolean {
  return accept
    .split(',')
    .some((range) => /^\s*(?:\*\/\*|application\/(?:\*|json))\s*(?:;\s*q=[\d.]+\s*)*$/.test(range))
}
