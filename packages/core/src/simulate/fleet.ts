import { StickyError } from '../error.ts'
import { invalidOption } from '../option.ts'
import type { SimulatedEndpoint, SimulatedEndpointInit } from './change.ts'
import type { PodNames } from './pod-names.ts'

/** Most endpoints that an option may ask for. */
export const MOST_ENDPOINTS = 5_000
/** Most endpoints at a time, with those of a surge. */
const MOST_PRESENT = 10_000
/** Most endpoints over all changes: each keeps its number for the whole simulation. */
const MOST_EVER = 100_000
const PORT = 8080

/** What the pods belong to: a StatefulSet's keep their names through a restart, a Deployment's do not. @public */
export type Workload = 'StatefulSet' | 'Deployment'

/** A new set of endpoints, as what differs from the one before. Endpoints are numbered in the order in which they first came. */
export interface Step {
  readonly gone: readonly number[]
  /** Came, or came again. */
  readonly come: readonly Arrival[]
  readonly reweighted: readonly Arrival[]
}

/** An endpoint as it is from a step on. */
export interface Arrival {
  readonly number: number
  readonly endpoint: SimulatedEndpoint
}

/** The endpoints while the steps of the changes are planned. */
export class Fleet {
  readonly #names: PodNames
  readonly #numbers = new Map<string, number>()
  readonly #identities: string[] = []
  readonly #present = new Map<number, SimulatedEndpoint>()
  /** No ordinal below this one is free. */
  #ordinal = 0

  constructor(names: PodNames) {
    this.#names = names
  }

  /** Those that are there, in order. */
  get present(): readonly number[] {
    return [...this.#present.keys()].sort((one, other) => one - other)
  }

  get size(): number {
    return this.#present.size
  }

  /** By number, of all that ever were. */
  get identities(): readonly string[] {
    return this.#identities
  }

  /** The number of an endpoint that is there. @throws StickyError `invalid-option` */
  numberOf(path: string, identity: unknown): number {
    const number = typeof identity === 'string' ? this.#numbers.get(identity) : undefined
    if (number !== undefined && this.#present.has(number)) return number
    throw invalidOption(path, 'the identity of an endpoint that is in the pool then', identity)
  }

  /** @throws StickyError `duplicate-identity` for one that is there, `invalid-option` if they would be too many */
  come(path: string, { identity, weight = 1, host, port = PORT }: SimulatedEndpointInit): Arrival {
    if (this.#present.size >= MOST_PRESENT) {
      throw invalidOption(path, `at most ${MOST_PRESENT} endpoints at a time`, this.#present.size + 1)
    }
    const number = this.#numbers.get(identity) ?? this.#identities.length
    if (this.#present.has(number)) {
      throw new StickyError('duplicate-identity', `option "${path}": "${identity}" is in the pool already`)
    }
    if (number === MOST_EVER) {
      throw invalidOption(path, `at most ${MOST_EVER} endpoints over all changes`, MOST_EVER + 1)
    }
    if (number === this.#identities.length) {
      this.#numbers.set(identity, number)
      this.#identities.push(identity)
    }
    return this.#put(number, identity, weight, host ?? this.#names.address(), port)
  }

  /** A pod of the StatefulSet with the first ordinal that is free, or of the Deployment. */
  comeNew(path: string, workload: Workload, weight: number): Arrival {
    let identity: string
    if (workload === 'Deployment') {
      do identity = this.#names.random()
      while (this.#numbers.has(identity))
    } else {
      do identity = this.#names.ordinal(this.#ordinal++)
      while (this.#isPresent(identity))
    }
    return this.come(path, { identity, weight })
  }

  /** The same pod after a restart: at a new address. */
  comeBack(number: number, { identity, weight, port }: SimulatedEndpoint): Arrival {
    return this.#put(number, identity, weight, this.#names.address(), port)
  }

  /** Answers what the endpoint was. */
  go(number: number): SimulatedEndpoint {
    const endpoint = this.#present.get(number) as SimulatedEndpoint
    this.#present.delete(number)
    this.#ordinal = 0
    return endpoint
  }

  reweigh(number: number, weight: number): Arrival {
    const { identity, host, port } = this.#present.get(number) as SimulatedEndpoint
    return this.#put(number, identity, weight, host, port)
  }

  weightOf(number: number): number {
    return (this.#present.get(number) as SimulatedEndpoint).weight
  }

  #isPresent(identity: string): boolean {
    const number = this.#numbers.get(identity)
    return number !== undefined && this.#present.has(number)
  }

  #put(number: number, identity: string, weight: number, host: string, port: number): Arrival {
    const endpoint = Object.freeze({ identity, weight, host, port, address: `${host}:${port}` })
    this.#present.set(number, endpoint)
    return { number, endpoint }
  }
}
