import type { ParityServer } from '../parity-scheme.ts'
import { type Fail, quoted } from './fail.ts'
import { serverAddress } from './server-name.ts'

/** A `server` line of an nginx upstream. @public */
export interface NginxServerOptions {
  /** The text behind `server`, exactly as in the config, because it is hashed as text: `10.0.0.1:8080`, `[::1]:80`, `unix:/run/app.sock`. */
  readonly server: string
  /** `weight=`: a whole number from 1. Default 1. */
  readonly weight?: number
  /** `down`: keeps its place in the mapping and takes no keys. Default false. */
  readonly down?: boolean
}

/** A server of an nginx upstream. @public */
export interface NginxServer extends ParityServer {
  /** 1 unless the config says otherwise. */
  readonly weight: number
  /** Marked `down` in the config. */
  readonly down: boolean
}

const MOST_SERVERS = 10_000
const MOST_WEIGHT = 2 ** 31 - 1
/** 160 points each: five million points, 42 MB. nginx has no bound but its memory. */
const MOST_RING_WEIGHT = 32_768

/** The servers of an upstream as they are read; each is checked as it comes, so that an error names its line or its option. */
export class ServerList {
  readonly #servers: NginxServer[] = []
  readonly #names = new Set<string>()
  readonly #mostWeight: number
  readonly #takesNames: boolean
  #weight = 0

  /** @param isRing weights are worth 160 points each  @param takesNames a host name is taken to have one address */
  constructor(isRing: boolean, takesNames: boolean) {
    this.#mostWeight = isRing ? MOST_RING_WEIGHT : MOST_WEIGHT
    this.#takesNames = takesNames
  }

  add({ server, weight = 1, down = false }: NginxServerOptions, fail: Fail): void {
    if (this.#servers.length >= MOST_SERVERS) throw fail(`more than ${MOST_SERVERS} servers`)
    if (typeof server !== 'string') throw fail('"server" is no text')
    if (this.#names.has(server)) {
      throw fail(
        `server ${quoted(server)} is there twice: nginx gives both one place and takes turns between them, so no key decides`,
      )
    }
    const name = quoted(server)
    if (!Number.isInteger(weight) || weight < 1)
      throw fail(`server ${name}: the weight is no whole number from 1`)
    if (typeof down !== 'boolean') throw fail(`server ${name}: "down" is neither true nor false`)
    const address = this.#address(server, fail)
    this.#weight += weight
    if (this.#weight > this.#mostWeight) throw fail(`the weights together are above ${this.#mostWeight}`)
    this.#names.add(server)
    this.#servers.push(Object.freeze({ name: server, address, weight, down }))
  }

  /** @throws what `fail` makes if there is none */
  all(fail: Fail): readonly NginxServer[] {
    if (this.#servers.length === 0) throw fail('there are no servers')
    return Object.freeze(this.#servers)
  }

  #address(server: string, fail: Fail): string {
    const read = serverAddress(server)
    if (read.kind === 'broken') throw fail(`server ${quoted(server)} ${read.reason}`)
    if (read.kind === 'name' && !this.#takesNames) {
      throw fail(
        `server ${quoted(server)} is a host name: with more than one address nginx takes turns between them, and the config does not say ` +
          'how many it has. Give one server for each address, or set singleAddressNames if each name has exactly one',
      )
    }
    return read.address
  }
}
