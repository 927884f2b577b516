import type { Clock } from '../clock.ts'
import type { Identity } from '../endpoint/endpoint.ts'
import type { AdjustableTimeout, EndpointCounts } from '../table/capabilities.ts'
import { type MemoryTable, memoryTable } from '../table/memory.ts'
import type { Binding, Claim, Move, StickyTable } from '../table/sticky-table.ts'

/**
 * What kube-proxy remembers of clients: which endpoint a connection was sent to, whether it was answered there or not. A pool
 * takes back what led nowhere; here it stands until its time is over.
 */
export class KubeProxyTable implements StickyTable, AdjustableTimeout, EndpointCounts {
  readonly scope = 'process'
  readonly #table: MemoryTable

  constructor(clock: Clock) {
    this.#table = memoryTable({ clock })
  }

  get size(): number {
    return this.#table.size
  }

  lookup(key: string): Binding | undefined {
    return this.#table.lookup(key)
  }

  claim(key: string, candidate: Identity): Claim {
    return this.#table.claim(key, candidate)
  }

  move(key: string, from: Binding, to: Identity): Move {
    return this.#table.move(key, from, to)
  }

  touch(key: string, binding: Binding): void {
    this.#table.touch(key, binding)
  }

  /** Only without `from`: so an operator ends a binding, and with it a pool. */
  release(key: string, from?: Binding): boolean {
    return from === undefined && this.#table.release(key)
  }

  countByEndpoint(identity: Identity): number {
    return this.#table.countByEndpoint(identity)
  }

  counts(): ReadonlyMap<Identity, number> {
    return this.#table.counts()
  }

  setIdleTimeout(idleTimeoutMs: number): void {
    this.#table.setIdleTimeout(idleTimeoutMs)
  }

  forgetAll(): void {
    void this.#table.clear()
  }
}
