import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { matches, type RequestMatch } from './request-match.ts'
import type { RequestTarget } from './request-target.ts'
import { forbidden, type StatusObject, unauthorized } from './status.ts'

const ANONYMOUS = 'system:anonymous'

/** Who may ask: one token, one client certificate, and what is forbidden to both. */
export class Access {
  token: string
  readonly #user: string
  readonly #forbidden = new Set<RequestMatch>()

  constructor(token: string, user: string) {
    this.token = token
    this.#user = user
  }

  /** Forbids what matches; answers how to allow it again. */
  forbid(match: RequestMatch): () => void {
    const rule = { ...match }
    this.#forbidden.add(rule)
    return () => this.#forbidden.delete(rule)
  }

  /** The name of who asks, or 401 for a wrong token. Nobody in particular is a user as well. */
  userOf(request: IncomingMessage): string | StatusObject {
    const { authorization } = request.headers
    if (authorization !== undefined) {
      const [scheme = '', token] = authorization.split(' ')
      return scheme.toLowerCase() === 'bearer' && token === this.token ? this.#user : unauthorized()
    }
    const socket = request.socket as TLSSocket
    if (!socket.authorized) return ANONYMOUS
    const { CN } = socket.getPeerCertificate().subject
    return String(CN)
  }

  /** 403 where this user may not do this. */
  refusal(user: string, verb: string, target: RequestTarget): StatusObject | undefined {
    const { resource, namespace, name } = target
    const asked = { verb, resource: resource.plural, namespace }
    const isForbidden = user === ANONYMOUS || [...this.#forbidden].some((rule) => matches(rule, asked))
    return isForbidden ? forbidden(user, verb, resource, namespace, name) : undefined
  }
}
