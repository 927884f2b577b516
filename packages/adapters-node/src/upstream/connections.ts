import { type Endpoint, StickyError } from '@limpet/core'
import { type ConnectionsOptions, EndpointConnections } from './endpoint-connections.ts'
import type { ConnectCaller, Upstream } from './upstream.ts'

/**
 * Connections to pods, each endpoint's apart: after a fail-over a connection is never filed under the name of the endpoint
 * it was first meant for.
 */
export class Connections implements Upstream {
  readonly #options: ConnectionsOptions
  /** Found at once by the object that a route carries; a snapshot may have a new one for the same place. */
  readonly #byEndpoint = new WeakMap<Endpoint, EndpointConnections>()
  readonly #byPlace = new Map<string, EndpointConnections>()
  #cancelSweep: (() => void) | undefined
  #isClosed = false

  constructor(options: ConnectionsOptions) {
    this.#options = options
  }

  connect(endpoint: Endpoint, caller: ConnectCaller, fresh: boolean): void {
    if (this.#isClosed) return caller.refused(new StickyError('closed', 'forward() was closed'))
    const known = this.#byEndpoint.get(endpoint)
    const connections = known?.isListed ? known : this.#find(endpoint)
    connections.connect(caller, fresh)
  }

  close(): void {
    this.#isClosed = true
    this.#cancelSweep?.()
    for (const connections of this.#byPlace.values()) connections.close()
  }

  destroy(): void {
    this.close()
    for (const connections of this.#byPlace.values()) connections.destroy()
  }

  #find(endpoint: Endpoint): EndpointConnections {
    const place = placeOf(endpoint)
    let connections = this.#byPlace.get(place)
    if (!connections) {
      connections = new EndpointConnections(endpoint, this.#options, () => this.#startSweep())
      this.#byPlace.set(place, connections)
      // Endpoints that are not used any more are forgotten by the sweep too.
      this.#startSweep()
    }
    this.#byEndpoint.set(endpoint, connections)
    return connections
  }

  #startSweep(): void {
    const { clock, keepAliveMs } = this.#options
    this.#cancelSweep ??= clock.after(Math.max(keepAliveMs, LEAST_SWEEP_MS), () => this.#sweep())
  }

  /** Ends what was idle for too long and that no request has come across. */
  #sweep(): void {
    this.#cancelSweep = undefined
    const oldest = this.#options.clock.now() - this.#options.keepAliveMs
    let isNeeded = false
    for (const [place, connections] of this.#byPlace) {
      if (connections.sweep(oldest)) isNeeded = true
      else if (connections.isUnused) {
        connections.isListed = false
        this.#byPlace.delete(place)
      } else isNeeded = true
    }
    if (isNeeded) this.#startSweep()
  }
}

const LEAST_SWEEP_MS = 100

/**
 * Identity too: a pod that was given the address of another is not the pod that the other's connections lead to. No
 * identity and no path has a line end, so that two places never have one name.
 */
function placeOf({ identity, protocol, host, port, socketPath, httpVersion }: Endpoint): string {
  return `${identity}\n${protocol}//${socketPath ?? `${host}:${port}`}\n${httpVersion}`
}
