import type { Server as AdminServer } from 'node:http'
import { Server } from 'node:net'
import type { TlsOptions } from 'node:tls'
import type { Clock } from '@limpet/core'
import { CloseDeadline, type CloseOptions, checkCloseOptions } from '../close-deadline.ts'
import type { ClientConnections } from './client-connections.ts'
import type { ClientServer } from './client-server.ts'
import type { ListeningAddress } from './listening.ts'

/** How often what has become quiet is looked for while closing. */
const POLL_MS = 100

/** A server that `serve()` has started. @public */
export interface Gateway extends AsyncDisposable, ListeningAddress {
  /** Where probes and drains are answered; undefined without `admin`. */
  readonly admin: ListeningAddress | undefined
  /** `serving`; `leaving`: not ready any more, requests are still accepted; `closing`: none are; `closed`: all have ended. */
  readonly state: GatewayState
  /** Settles when everything has ended, however it began. Rejects with what closing the routing rejected with. */
  readonly closed: Promise<void>
  /**
   * What a signal does: readiness goes, requests are accepted for `readinessDelayMs`, and then it closes with `graceMs`.
   * Answers `closed`. Idempotent.
   */
  end(): Promise<void>
  /**
   * Closes without the delay: stops accepting, lets what is under way end, ends kept connections, HTTP/2 with GOAWAY, and
   * cuts at the deadline what has not ended. Answers `closed`. Idempotent; of several deadlines the earliest counts. Default
   * of `graceMs`: that of `serve()`.
   *
   * Rejects with StickyError `invalid-option`.
   */
  close(options?: CloseOptions): Promise<void>
  /**
   * Takes a new certificate for the connections that come; those that stand keep theirs.
   *
   * @throws StickyError `invalid-option`: it cannot be used, and the old one stays; or the server speaks no TLS
   */
  reloadTls(tls: TlsOptions): void
}

/** Where a {@link Gateway} is in its life. @public */
export type GatewayState = 'serving' | 'leaving' | 'closing' | 'closed'

/** What a gateway is made of. */
export interface GatewayParts {
  readonly server: ClientServer
  readonly connections: ClientConnections
  readonly admin: AdminServer | undefined
  readonly readinessDelayMs: number
  readonly graceMs: number
  readonly clock: Clock
  /** Ends what stands behind the server, when no connection is left. */
  readonly release: () => Promise<void>
}

/** The life of a gateway: serving → leaving → closing → closed. */
export class GatewayLife {
  readonly closed: Promise<void>
  readonly #parts: GatewayParts
  readonly #deadline: CloseDeadline
  readonly #settled = Promise.withResolvers<void>()
  #state: GatewayState = 'serving'
  #cancel: (() => void) | undefined

  constructor(parts: GatewayParts) {
    this.#parts = parts
    this.closed = this.#settled.promise
    this.#deadline = new CloseDeadline(parts.clock, () => parts.connections.cut())
  }

  get state(): GatewayState {
    return this.#state
  }

  end(): Promise<void> {
    if (this.#state !== 'serving') return this.closed
    this.#state = 'leaving'
    const { clock, connections, readinessDelayMs } = this.#parts
    const halfMs = readinessDelayMs / 2
    if (halfMs === 0) return this.close()
    // By then load balancers have noticed: told earlier, clients would come back here again and again.
    this.#cancel = clock.after(halfMs, () => {
      connections.tell()
      this.#cancel = clock.after(halfMs, () => void this.close())
    })
    return this.closed
  }

  /** Not `async`: a rejection of `closed` is handled if whoever called this handles it. */
  close(options: CloseOptions = {}): Promise<void> {
    let checked: ReturnType<typeof checkCloseOptions>
    try {
      checked = checkCloseOptions({ graceMs: this.#parts.graceMs, ...options })
    } catch (error) {
      return Promise.reject(error)
    }
    if (this.#state === 'closed') return this.closed
    this.#stopAccepting()
    this.#deadline.take(checked)
    return this.closed
  }

  #stopAccepting(): void {
    if (this.#state === 'closing') return
    this.#state = 'closing'
    this.#cancel?.()
    const { server, connections } = this.#parts
    server.once('close', () => void this.#release())
    // Not the close of node:http: that cuts what is answered but not yet sent, and no longer watches over slow heads.
    Server.prototype.close.call(server)
    connections.end()
    this.#poll()
  }

  #poll(): void {
    this.#parts.connections.endQuiet()
    this.#cancel = this.#parts.clock.after(POLL_MS, () => this.#poll())
  }

  async #release(): Promise<void> {
    const { server, admin, release } = this.#parts
    this.#cancel?.()
    this.#deadline.end()
    // Ends its watch over slow heads; all else is closed already.
    server.close()
    const released = await Promise.allSettled([release()])
    if (admin?.listening) {
      const isClosed = new Promise((resolve) => admin.close(resolve))
      admin.closeAllConnections()
      await isClosed
    }
    this.#state = 'closed'
    for (const outcome of released) {
      if (outcome.status === 'rejected') this.#settled.reject(outcome.reason)
      else this.#settled.resolve()
    }
  }
}
