import type { RequestLike } from '../../key/request-like.ts'
import type { ParityScheme } from '../parity-scheme.ts'
import type { Backend } from './backend.ts'
import type { HaproxyServer } from './haproxy-options.ts'
import { type ServerChoice, serverChoice } from './server-choice.ts'
import type { ServerLookup } from './server-lookup.ts'

const NOBODY: ReadonlySet<string> = new Set()
const NO_KEY = new Uint8Array(0)

/** A backend with the servers that are usable now. */
export class HaproxyScheme implements ParityScheme<HaproxyServer> {
  readonly name: string
  readonly servers: readonly HaproxyServer[]
  readonly keyHeaders: readonly string[]
  readonly #backend: Backend
  readonly #down: ReadonlySet<string>
  readonly #choice: ServerChoice
  readonly #lookup: ServerLookup | undefined

  /** `before`: the choice while fewer servers were down, to make this one of. */
  constructor(backend: Backend, down: ReadonlySet<string> = NOBODY, before?: ServerChoice) {
    this.name = `haproxy ${backend.hashType}`
    this.servers = backend.servers
    this.keyHeaders = backend.cut.headers
    this.#backend = backend
    this.#down = down
    this.#choice = serverChoice(backend, down, before)
    this.#lookup = this.#choice.lookup
  }

  key(request: RequestLike): Uint8Array | undefined {
    return this.#backend.cut.cut(request) ?? (this.#isSole ? NO_KEY : undefined)
  }

  pick(key: Uint8Array): HaproxyServer | undefined {
    const lookup = this.#lookup
    if (lookup === undefined || !this.#isHashed(key)) return undefined
    return this.servers[lookup.at(this.#backend.hash(key))]
  }

  *attempts(key: Uint8Array): IterableIterator<HaproxyServer> {
    const lookup = this.#lookup
    if (lookup === undefined || !this.#isHashed(key)) return
    const { retries } = this.#backend
    const hash = this.#backend.hash(key)
    let server = lookup.at(hash)
    for (let failures = 0; failures <= retries; failures++) {
      if (failures > 0 && this.#isRedispatched(failures)) server = lookup.awayFrom(server, hash)
      yield this.servers[server] as HaproxyServer
    }
  }

  without(down: ReadonlySet<string>): HaproxyScheme {
    const names = this.servers
      .map(({ name }) => name)
      .filter((name) => down.has(name) && !this.#down.has(name))
    if (names.length === 0) return this
    return new HaproxyScheme(this.#backend, new Set([...this.#down, ...names]), this.#choice)
  }

  #isHashed(key: Uint8Array): boolean {
    return key.length > 0 || this.#backend.cut.hashesEmpty || this.#isSole
  }

  /** An only server takes all requests, and HAProxy looks for no key in them. */
  get #isSole(): boolean {
    return this.#choice.members.length === 1
  }

  /** `stream_choose_redispatch` of stream.h. */
  #isRedispatched(failures: number): boolean {
    const { redispatch, retries } = this.#backend
    return redispatch !== 0 && failures % (redispatch > 0 ? redispatch : retries + 1 + redispatch) === 0
  }
}
