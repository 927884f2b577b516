import type { IncomingHttpHeaders } from 'node:http'
import { matches, type RequestMatch } from './request-match.ts'

/** A request that the fake was asked. @public */
export interface FakeKubernetesRequest {
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  /** `get`, `list` or `watch`; for other methods, the method in lower case. */
  readonly verb: string
  /** The plural; undefined = the path is none of the fake's. */
  readonly resource: string | undefined
  readonly namespace: string | undefined
  readonly name: string | undefined
  /** As `node:http` reads them: `authorization`, `accept`, `user-agent` … */
  readonly headers: Readonly<IncomingHttpHeaders>
  /** When it came, by the clock of the fake, in milliseconds. */
  readonly at: number
}

/** More than any test asks; a client in an endless loop must not fill the memory. */
const KEPT = 10_000

/** The newest requests, and who waits for more. */
export class RequestLog {
  readonly #requests: FakeKubernetesRequest[] = []
  readonly #waiting = new Set<() => void>()

  get requests(): readonly FakeKubernetesRequest[] {
    return this.#requests
  }

  add(request: FakeKubernetesRequest): void {
    this.#requests.push(request)
    if (this.#requests.length > KEPT) this.#requests.splice(0, KEPT / 2)
    for (const check of this.#waiting) check()
  }

  /** The `count`th request of those that match, once it is there. */
  nth(count: number, match: RequestMatch): Promise<FakeKubernetesRequest> {
    return new Promise((resolve) => {
      const check = () => {
        const found = this.#requests.filter((request) => matches(match, request))[count - 1]
        if (!found) return
        this.#waiting.delete(check)
        resolve(found)
      }
      this.#waiting.add(check)
      check()
    })
  }
}
