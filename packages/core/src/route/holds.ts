import type { Clock } from '../clock.ts'
import type { Endpoint, Identity } from '../endpoint/endpoint.ts'
import type { PoolSnapshot } from '../endpoint/pool-snapshot.ts'
import { BoundedWaits, type WaitEnd } from './bounded-waits.ts'

interface Hold {
  /** The endpoint that was lost, as the snapshot had it then; undefined = gone. */
  readonly lost: Endpoint | undefined
  /** True once it was seen down: from then on its return is news, even at the same address. */
  wasDown: boolean
  readonly wake: () => void
}

/**
 * The requests that wait for the lost endpoint of their key to come back. One that is listed as usable but refused the
 * connection is waited for too: until it is another object (another address), or has been down and is up again.
 */
export class Holds {
  readonly #waits: BoundedWaits
  readonly #byIdentity = new Map<Identity, Set<Hold>>()

  constructor(clock: Clock) {
    this.#waits = new BoundedWaits(clock, Number.POSITIVE_INFINITY)
  }

  /** Requests that wait. */
  get size(): number {
    return this.#waits.size
  }

  /** Waits until the endpoint can be used, at most `limitMs`, and with fewer than `most` others. */
  wait(
    identity: Identity,
    snapshot: PoolSnapshot,
    limitMs: number,
    most: number,
    signal: AbortSignal | undefined,
  ): Promise<WaitEnd> {
    const member = snapshot.find(identity)
    const arm = (wake: () => void) => {
      const hold: Hold = { lost: member?.endpoint, wasDown: member?.isUsable !== true, wake }
      const holds = this.#byIdentity.get(identity) ?? new Set()
      this.#byIdentity.set(identity, holds.add(hold))
      return () => {
        holds.delete(hold)
        if (holds.size === 0 && this.#byIdentity.get(identity) === holds) this.#byIdentity.delete(identity)
      }
    }
    return this.#waits.wait(limitMs, signal, arm, most)
  }

  /** Wakes the requests whose endpoints are back in this snapshot. */
  look(snapshot: PoolSnapshot): void {
    for (const [identity, holds] of this.#byIdentity) {
      const member = snapshot.find(identity)
      for (const hold of holds) {
        if (!member?.isUsable) hold.wasDown = true
        else if (hold.wasDown || member.endpoint !== hold.lost) hold.wake()
      }
    }
  }

  /** Ends every wait with `closed`. */
  close(): void {
    this.#waits.close()
  }
}
