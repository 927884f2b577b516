import type { Identity } from '../../endpoint/endpoint.ts'
import { murmur3 } from '../../hash/murmur3.ts'
import { type KeyNaming, RedisKeys } from './redis-keys.ts'
import { DIGITS } from './stored-value.ts'

/** Characters that name a bucket, which allow for 4096 of them. */
const BUCKET_LENGTH = 2

/**
 * The names of a pool's keys where an index goes with them: `prefix:{pool:bucket}:key`, and for each bucket and endpoint a sorted set
 * `prefix:{pool:bucket}~identity` of the keys bound to it. What is in braces alone says on which server of a Cluster a key lies, so a binding
 * and the sets that have it are changed by one script, whatever the Cluster does with its slots.
 */
export class IndexedKeys extends RedisKeys {
  readonly #start: string
  readonly #bucketStarts: readonly string[]

  constructor(naming: KeyNaming, buckets: number) {
    super(naming)
    this.#start = `${naming.prefix}:{${naming.pool}:`
    this.#bucketStarts = Array.from({ length: buckets }, (_, bucket) => {
      const name = (DIGITS[bucket >> 6] as string) + (DIGITS[bucket & 63] as string)
      return `${this.#start}${name}}`
    })
  }

  override get layout(): string {
    return `an index of ${this.buckets} buckets`
  }

  get buckets(): number {
    return this.#bucketStarts.length
  }

  override of(key: string): string {
    const kept = this.keptOf(key)
    // The mapping is part of the layout: another hash would be another layout.
    return `${this.#bucketStarts[murmur3(kept, 0) % this.buckets]}:${kept}`
  }

  /** As precise as can be: an index may have any identity in its name. */
  override get pattern(): string {
    return `${this.#start}${'?'.repeat(BUCKET_LENGTH)}}:*`
  }

  override keptIn(name: string): string {
    return name.slice(this.#start.length + BUCKET_LENGTH + 2)
  }

  /** The bucket of a key, by its name. */
  bucketOf(name: string): number {
    const at = this.#start.length
    return DIGITS.indexOf(name[at] as string) * 64 + DIGITS.indexOf(name[at + 1] as string)
  }

  /** The set of those keys of a bucket that are bound to an endpoint. */
  index(bucket: number, identity: Identity): string {
    return `${this.#bucketStarts[bucket]}~${identity}`
  }

  /** The set in which a key is while it is bound to an endpoint, by the key's name. */
  indexOf(name: string, identity: Identity): string {
    return `${name.slice(0, this.#start.length + BUCKET_LENGTH + 1)}~${identity}`
  }

  /** What the other replicas are told of a key by: its name without an index, so that whoever listens need not know of one. */
  messageOf(name: string): string {
    return this.time + this.keptIn(name)
  }

  /** The name of a key, by its bucket and what is kept of it. */
  nameOf(bucket: number, kept: string): string {
    return `${this.#bucketStarts[bucket]}:${kept}`
  }

  /** The set of all endpoints that may have keys. No bucket has an empty name. */
  get endpoints(): string {
    return `${this.#start}}`
  }
}
