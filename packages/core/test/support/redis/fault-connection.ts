import type { Socket } from 'node:net'
import { type Fault, treatmentOf } from './fault.ts'
import { FaultLane } from './fault-lane.ts'

/** One connection through a `tcpFaultProxy`. */
export interface ProxiedConnection {
  /** Counts up from 1 for each proxy. */
  readonly id: number
  /** By which a client knows it as its own. */
  readonly clientPort: number
  readonly bytesToServer: number
  readonly bytesToClient: number
  /** Bytes that the proxy has and may pass on later, of both ways. What is beyond its bound waits in the kernel. */
  readonly bytesHeld: number
  /** Whether both sides have ended it, though the other may not know yet. */
  readonly hasEnded: boolean
  /** Bytes that a blackhole swallowed, of both ways. */
  readonly bytesLost: number
  /** Resets it on both sides. */
  cut(): void
}

/** The two sockets of a connection, and what becomes of their bytes. */
export class FaultConnection implements ProxiedConnection {
  readonly id: number
  readonly clientPort: number
  /** When both sockets are closed. */
  readonly gone: Promise<unknown>
  readonly #sockets: readonly Socket[]
  readonly #toServer: FaultLane
  readonly #toClient: FaultLane

  constructor(id: number, client: Socket, server: Socket, fault: Fault, random: () => number) {
    this.id = id
    this.clientPort = client.remotePort as number
    this.#sockets = [client, server]
    for (const socket of this.#sockets) socket.setNoDelay().on('error', () => {})
    const cut = () => this.cut()
    this.#toServer = new FaultLane(client, server, treatmentOf(fault, 'toServer'), random, cut)
    this.#toClient = new FaultLane(server, client, treatmentOf(fault, 'toClient'), random, cut)
    this.gone = Promise.all(
      this.#sockets.map((socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()))),
    )
  }

  get bytesToServer(): number {
    return this.#toServer.passed
  }

  get bytesToClient(): number {
    return this.#toClient.passed
  }

  get bytesHeld(): number {
    return this.#toServer.held + this.#toClient.held
  }

  get hasEnded(): boolean {
    return this.#toServer.hasEnded && this.#toClient.hasEnded
  }

  get bytesLost(): number {
    return this.#toServer.swallowed + this.#toClient.swallowed
  }

  set(fault: Fault): void {
    this.#toServer.treat(treatmentOf(fault, 'toServer'))
    this.#toClient.treat(treatmentOf(fault, 'toClient'))
  }

  cut(): void {
    for (const lane of [this.#toServer, this.#toClient]) lane.close()
    for (const socket of this.#sockets) {
      if (socket.destroyed) continue
      // libuv cannot reset what it shuts down (EINVAL), and node then never closes it.
      if (!socket.writableEnded) socket.resetAndDestroy()
      // Node otherwise waits until all that was written is taken, which a peer that does not read never does.
      socket.destroy()
    }
  }
}
