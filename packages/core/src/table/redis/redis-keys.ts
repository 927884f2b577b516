import { createHmac, hash } from 'node:crypto'
import { storedKey } from '../stored-key.ts'

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

  /** What every key of the pool begins with. */
  get start(): string {
    return this.#start
  }

  /** The name under which a key is kept. Of a long key its hash, whatever the option says: a name is never longer than that of a short key. */
  of(key: string): string {
    if (this.#naming.keys === 'exact') return this.#start + storedKey(key)
    const bytes = Buffer.from(key, 'latin1')
    const { secret } = this.#naming
    const digest =
      secret === undefined
        ? hash('sha256', bytes, 'base64url')
        : createHmac('sha256', secret).update(bytes).digest('base64url')
    return this.#start + digest.slice(0, FINGERPRINT_LENGTH)
  }

  /** The key whose server's time counts; no key of a request has this name, since an empty key is none. */
  get time(): string {
    return this.#start
  }
}
