import type { DrainOutcome } from '@limpet/core'

type Waiter = PromiseWithResolvers<DrainOutcome>

/**
 * Drains that were begun once for whoever waits: to ask a pool again with the same deadline would put that off, and a client
 * that asks again and again would never see it. One that nobody waits for any more is still known until it has ended.
 */
export class SharedDrains {
  readonly #underWay = new Map<string, Set<Waiter>>()

  /** Joins the drain of an endpoint, or begins it. Once `signal` aborts, the promise stays as it is and nothing is held. */
  join(
    identity: string,
    begin: (identity: string) => Promise<DrainOutcome>,
    signal: AbortSignal,
  ): Promise<DrainOutcome> {
    const waiters = this.#underWay.get(identity) ?? this.#begun(identity, begin)
    const waiter = Promise.withResolvers<DrainOutcome>()
    waiters.add(waiter)
    signal.addEventListener('abort', () => waiters.delete(waiter), { once: true })
    return waiter.promise
  }

  #begun(identity: string, begin: (identity: string) => Promise<DrainOutcome>): Set<Waiter> {
    const waiters = new Set<Waiter>()
    this.#underWay.set(identity, waiters)
    const end = (settle: (waiter: Waiter) => void) => {
      this.#underWay.delete(identity)
      for (const waiter of waiters) settle(waiter)
    }
    begin(identity).then(
      (outcome) => end(({ resolve }) => resolve(outcome)),
      (error: unknown) => end(({ reject }) => reject(error)),
    )
    return waiters
  }
}
