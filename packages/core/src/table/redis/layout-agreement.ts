import type { Clock } from '../../clock.ts'
import { StickyError } from '../../error.ts'
import { isRefusal } from './redis-failure.ts'
import { script } from './redis-scripts.ts'

/** How long a replica's word for its layout holds, in milliseconds. */
export const LAYOUT_HELD_MS = 30_000
/** How long one is relied on before it is given again beside the traffic, and before nothing is done without it. */
const RENEWED_AFTER_MS = 10_000
const RELIED_ON_MS = 20_000
/** Time between two questions of a replica that was refused, or not answered, in milliseconds. */
const ASKED_AGAIN_AFTER_MS = 1_000

/**
 * Notes the layout that a pool's bindings have, for as long as a replica is there that keeps them so. ARGV: the layout, and how long that holds in
 * milliseconds. Answers whether nobody holds another, and the one that is held.
 */
export const AGREE: ReturnType<typeof script> = script(`
local held = redis.call('GET', KEYS[1])
-- One without an end is none that a replica holds.
if held and held ~= ARGV[1] and redis.call('PTTL', KEYS[1]) >= 0 then return {0, held} end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return {1, ARGV[1]}`)

/**
 * Keeps replicas from one pool that name its keys in different ways: they would not see each other's bindings, and a key would have two winners.
 * Each says every ten seconds how it names them; one that comes with another way is refused until the last of them is gone for half a minute.
 */
export class LayoutAgreement {
  readonly #clock: Clock
  readonly #layout: string
  readonly #ask: () => Promise<readonly [boolean, unknown]>
  #agreedAt: number | undefined
  #askedAt: number | undefined
  #refusal: StickyError | undefined
  #asking: Promise<void> | undefined

  /** `ask` runs {@link AGREE}; what it rejects with is handed on. */
  constructor(clock: Clock, layout: string, ask: () => Promise<readonly [boolean, unknown]>) {
    this.#clock = clock
    this.#layout = layout
    this.#ask = ask
  }

  /** Undefined while all agree; otherwise what is to be waited for, which rejects if they do not. */
  check(): Promise<void> | undefined {
    const now = this.#clock.now()
    const age = this.#agreedAt === undefined ? Number.POSITIVE_INFINITY : Math.abs(now - this.#agreedAt)
    if (age < RENEWED_AFTER_MS) return undefined
    const isAskedLately = this.#askedAt !== undefined && Math.abs(now - this.#askedAt) < ASKED_AGAIN_AFTER_MS
    if (this.#asking === undefined && isAskedLately)
      return this.#refusal === undefined ? undefined : Promise.reject(this.#refusal)
    const asking = this.#renew(now)
    if (age >= RELIED_ON_MS) return asking
    asking.catch(() => undefined)
    return undefined
  }

  #renew(now: number): Promise<void> {
    this.#asking ??= this.#agree(now).finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  async #agree(now: number): Promise<void> {
    this.#askedAt = now
    const answer = await this.#ask().catch((error: unknown) => this.#notAnswered(error))
    const [isAgreed, held] = answer ?? [false, undefined]
    if (typeof held !== 'string') return
    this.#refusal = isAgreed ? undefined : refusalOf(this.#layout, held)
    // Held from when it was asked for: the answer may have been long on its way.
    this.#agreedAt = isAgreed ? now : undefined
    if (this.#refusal) throw this.#refusal
  }

  #notAnswered(error: unknown): undefined {
    // A server that takes no writes binds no key either, and look-ups may be answered. One that did not answer may answer the call beside this one.
    if (this.#agreedAt !== undefined || (isRefusal(error) && this.#refusal === undefined)) return
    this.#askedAt = undefined
    throw this.#refusal ?? error
  }
}

function refusalOf(layout: string, held: string): StickyError {
  return new StickyError(
    'invalid-option',
    `options "redisTable.index" and "redisTable.indexBuckets": expected the same in every replica of a pool, got ${layout} here and ${held} in another; after a change this replica waits until the last of the others is gone for ${LAYOUT_HELD_MS / 1_000} s`,
  )
}
