/** The servers that take keys at a time, and which of them a hash belongs to. Servers are numbers: their places in the config. */
export interface ServerLookup {
  /** The server of a hash. */
  at(hash: number): number
  /** The server for a hash on a redispatch, away from the server that was just tried. */
  awayFrom(tried: number, hash: number): number
}

/** One usable server takes everything, and HAProxy does not hash. */
export class SoleServer implements ServerLookup {
  readonly #server: number

  constructor(server: number) {
    this.#server = server
  }

  at(): number {
    return this.#server
  }

  awayFrom(): number {
    return this.#server
  }
}
