import { StickyError } from '../error.ts'
import type { ConsistentHash } from '../hash/consistent-hash.ts'
import { consistentHash } from '../hash/make-consistent-hash.ts'
import { invalidOption, optionsObject } from '../option.ts'
import type { SimulatedEndpoint } from './change.ts'

/** A mapping of Limpet: see `consistentHash()`. @public */
export type NativeMapping = 'ring' | 'rendezvous' | 'maglev'

/**
 * Where keys go under one set of endpoints: a scheme of `@limpet/core/parity`, a `consistentHash()`, or anything else that answers an
 * endpoint by its identity or its address. The bytes are valid during the call only.
 *
 * @public
 */
export interface KeyMapping {
  pick(key: Uint8Array): { readonly identity: string } | { readonly name: string } | undefined
}

/**
 * Makes the mapping of a set of endpoints; called once for each step that places a key, with the endpoints in their order (a StatefulSet's by ordinal,
 * others as they came).
 *
 * @public
 */
export type MappingOf = (endpoints: readonly SimulatedEndpoint[]) => KeyMapping

/** A table that stores where a key is bound; `table` says how keys that have to be placed are. @public */
export interface StoredMapping {
  readonly table: NativeMapping | MappingOf
}

/**
 * How keys find their endpoint: one of Limpet's hashes; a function from endpoints to any hash; or a table that stores the endpoint of each
 * key for as long as it is there. `table` is the table with the ring as placement.
 *
 * @public
 */
export type SimulatedMapping = 'table' | NativeMapping | MappingOf | StoredMapping

const NATIVE = ['ring', 'rendezvous', 'maglev'] as const
/** The number of nobody. */
export const NOBODY = -1

/** A mapping that was checked. */
export interface CheckedMapping {
  /** As the user calls it. */
  readonly name: string
  readonly isStored: boolean
  /** The path of its option. */
  readonly path: string
  readonly placement: NativeMapping | MappingOf
}

/** @throws StickyError `invalid-option` */
export function checkedMapping(path: string, name: string, mapping: SimulatedMapping): CheckedMapping {
  if (mapping === 'table') return { name, path, isStored: true, placement: 'ring' }
  if (isPlacement(mapping)) return { name, path, isStored: false, placement: mapping }
  if (typeof mapping === 'object' && mapping !== null) {
    optionsObject(path, mapping, ['table'])
    if (isPlacement(mapping.table)) return { name, path, isStored: true, placement: mapping.table }
  }
  throw invalidOption(path, `'table', 'ring', 'rendezvous', 'maglev', a function, or { table: … }`, mapping)
}

/** The numbers that a mapping gives to keys, over one set of endpoints after the other. */
export class Placing {
  readonly #path: string
  readonly #placement: NativeMapping | MappingOf
  #native: ConsistentHash | undefined
  /** Made when the first key asks: a table that nobody left places none. */
  #mapping: KeyMapping | undefined
  #endpoints: readonly SimulatedEndpoint[] = []
  #numbers: readonly number[] = []
  #byName: ReadonlyMap<string, number> = new Map()

  constructor({ path, placement }: CheckedMapping) {
    this.#path = path
    this.#placement = placement
  }

  /** Goes on to another set: endpoints, and their numbers. */
  over(endpoints: readonly SimulatedEndpoint[], numbers: readonly number[]): void {
    this.#endpoints = endpoints
    this.#numbers = numbers
    this.#mapping = undefined
  }

  /** The number of the endpoint that a key goes to, or that of nobody. */
  numberOf(bytes: Uint8Array): number {
    this.#mapping ??= this.#made(this.#endpoints)
    const picked = this.#mapping.pick(bytes)
    if (picked === undefined) return NOBODY
    // Not by `in`: it takes longer than all the rest.
    const { identity, name } = picked as { readonly identity?: string; readonly name: string }
    const called = identity ?? name
    return this.#byName.get(called) ?? this.#refuse(called)
  }

  #indexNames(isNative: boolean): void {
    const byName = new Map<string, number>()
    for (const [index, { identity, address }] of this.#endpoints.entries()) {
      const number = this.#numbers[index] as number
      byName.set(identity, number)
      // An identity counts before an address that reads the same.
      if (!isNative && !byName.has(address)) byName.set(address, number)
    }
    this.#byName = byName
  }

  #made(endpoints: readonly SimulatedEndpoint[]): KeyMapping {
    const placement = this.#placement
    this.#indexNames(typeof placement !== 'function')
    if (typeof placement !== 'function') {
      this.#native = this.#native?.with(endpoints) ?? consistentHash(endpoints, { algorithm: placement })
      return this.#native
    }
    let mapping: KeyMapping
    try {
      mapping = placement(endpoints)
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new StickyError('handler-failed', `option "${this.#path}" threw: ${reason}`, { cause })
    }
    if (typeof mapping?.pick !== 'function') {
      throw invalidOption(this.#path, 'a function that answers an object with pick()', mapping)
    }
    return mapping
  }

  #refuse(name: unknown): never {
    throw invalidOption(this.#path, 'a mapping that picks by identity or address among its endpoints', name)
  }
}

function isPlacement(value: unknown): value is NativeMapping | MappingOf {
  return typeof value === 'function' || NATIVE.some((native) => native === value)
}
