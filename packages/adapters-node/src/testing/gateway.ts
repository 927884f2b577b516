import type { Routing } from '@limpet/core'

/** What a scenario asks of the adapter besides its routing; the adapter's test translates it. @public */
export interface ScenarioGatewayOptions {
  /** The longest wait for the head of a pod's answer, in milliseconds. Absent: the adapter's default. */
  readonly responseTimeoutMs?: number
}

/** A gateway under test: an HTTP server on 127.0.0.1 with the adapter in front of a routing. @public */
export interface ScenarioGateway {
  readonly port: number
  /**
   * Path under which the adapter is mounted (`/chat`). Scenarios put it before every path, and the pods must see the
   * path without it. Default: none.
   */
  readonly mountPath?: string
  /** Stops listening and releases what the adapter holds. The routing is closed by the scenario. */
  close(): Promise<void>
}

/** Starts a gateway that answers requests and upgrades through the adapter under test. @public */
export type StartGateway = (routing: Routing, options?: ScenarioGatewayOptions) => Promise<ScenarioGateway>
