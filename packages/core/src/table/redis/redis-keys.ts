import { createHmac, hash } from 'node:crypto'
import type { Identity } from '../../endpoint/endpoint.ts'
import { LONGEST_VERBATIM, storedKey } from '../stored-key.ts'

/** What is kept of keys in Redis. */
export interface KeyNaming {
  readonly prefix: string
  readonly pool: string
  readonly keys: 'exact' | 'fingerprint'
  readonly secret: string | undefined
}

/** Characters of a fingerprint: 132 bits of the hash. */
const FINGERPRINT_LENGTH = 22

/** The names of a pool's keys in Redis: `prefix:pool:key`. Keys of two pools never meet, since no pool has a colon in its name. */
export class RedisKeys {
  readonly #start: string
  readonly #naming: KeyNaming

  constructor(naming: KeyNaming) {
    this.#naming = naming
    this.#start = `${naming.prefix}:${naming.pool}:`
  }

  /** What every key of the pool begins with, without an index and with one. */
  get starts(): readonly [string, string] {
    return [this.#start, `${this.#naming.prefix}:{${this.#naming.pool}:`]
  }

  /** The name that {@link of} gives a key without an index, by its name with an index or without; undefined for names that are no key's. */
  plainNameOf(name: string): string | undefined {
    const [start, indexed] = this.starts
    if (name === this.time) return undefined
    if (!name.startsWith(indexed)) return name
    const at = name.indexOf('}', indexed.length)
    return name[at + 1] === ':' ? start + name.slice(at + 2) : undefined
  }

  /** The name under which a key is kept. Of a long key its hash, whatever the option says: a name is never longer than that of a short key. */
  of(key: string): string {
    return this.#start + this.keptOf(key)
  }

  /** What is kept of a key. */
  protected keptOf(key: string): string {
    if (this.#naming.keys === 'exact') return storedKey(key)
    const bytes = Buffer.from(key, 'latin1')
    const { secret } = this.#naming
    const digest =
      secret === undefined
        ? hash('sha256', bytes, 'base64url')
        : createHmac('sha256', secret).update(bytes).digest('base64url')
    return digest.slice(0, FINGERPRINT_LENGTH)
  }

  /** Matches the names of all keys of the pool, and no other. */
  get pattern(): string {
    return `${this.#start}*`
  }

  /** What is under this name; undefined if its key is not kept as it is. */
  keyOf(name: string): string | undefined {
    const kept = this.keptIn(name)
    return this.#naming.keys === 'exact' && kept.length <= LONGEST_VERBATIM ? kept : undefined
  }

  /** What is kept of a key, by its name. */
  keptIn(name: string): string {
    return name.slice(this.#start.length)
  }

  /** Says how keys are named, to replicas that name them in another way. */
  get layout(): string {
    return 'no index'
  }

  /** Tells a key from all others of the pool, without disclosing it. */
  fingerprintOf(name: string): string {
    return hash('sha256', name, 'base64url').slice(0, FINGERPRINT_LENGTH)
  }

  /** The lock of whoever looks whether an endpoint has any key left. No pool's key has such a name: a prefix has no `~`. */
  lockOf(identity: Identity): string {
    return `${this.#naming.prefix}~drain:${this.#naming.pool}:${identity}`
  }

  /** The channel on which moved and released keys are told, by their names. */
  get channel(): string {
    return `${this.#naming.prefix}~changes:${this.#naming.pool}`
  }

  /**
   * The key whose server's time counts, and under which the replicas agree how keys are named; no key of a request has this name, since an empty
   * key is none.
   */
  get time(): string {
    return this.#start
  }
}
