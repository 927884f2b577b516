import type { Clock } from '../../clock.ts'
import { StickyError } from '../../error.ts'
import { Breaker } from './breaker.ts'
import { CallDeadlines } from './call-deadlines.ts'
import { ClockWatch, type OtherClocks } from './clock-watch.ts'
import { evictionWarning, MEMORY } from './eviction.ts'
import { AGREE, LAYOUT_HELD_MS, LayoutAgreement } from './layout-agreement.ts'
import { type OpenCall, RedisCall } from './redis-call.ts'
import type { RedisCommands, RedisScript } from './redis-client.ts'
import { failureOf, isAway, replyCode, shownError } from './redis-failure.ts'
import type { RedisKeys } from './redis-keys.ts'
import type { CheckedRedisOptions } from './redis-options.ts'
import { SET_IF_ABSENT, TIME } from './redis-scripts.ts'
import { ServerTime } from './server-time.ts'

/** Time until a call that was told to come again does, in milliseconds. */
const TRIED_AGAIN_AFTER_MS = 5

/** What is told of a server. */
export interface ServerEvents {
  /** It is not asked any more, or again. */
  changed(state: 'away' | 'back', error: unknown): void
  /** It is set up so that bindings may be lost. */
  warned(message: string): void
}

/** Redis as a table asks it: each call ends within its time, and a server that does not answer is left alone. */
export class RedisServer {
  readonly time: ServerTime
  readonly #commands: RedisCommands
  readonly #deadlines: CallDeadlines
  readonly #breaker: Breaker
  readonly #agreement: LayoutAgreement
  readonly #clock: Clock
  readonly #callTimeoutMs: number
  /** False once the server has shown that it has no `SET NX GET`, which came with Redis 7.0. */
  #hasSetNxGet = true
  /** True once it has shown that it has. */
  #knowsSetNxGet = false
  #isInspected = false
  #mayEvict = false
  readonly #events: ServerEvents

  /** `keys`: under whose `time` the server is asked for its time, and the replicas agree on their layout. */
  constructor(
    commands: RedisCommands,
    options: CheckedRedisOptions,
    { time: timeKey, layout }: Pick<RedisKeys, 'time' | 'layout'>,
    events: ServerEvents,
    clocks: OtherClocks,
  ) {
    const { clock, callTimeoutMs, maxFailures, probeMs } = options
    this.#commands = commands
    this.#events = events
    this.#clock = clock
    this.#callTimeoutMs = callTimeoutMs
    this.#deadlines = new CallDeadlines(clock, callTimeoutMs)
    this.time = new ServerTime(clock, () => this.#askTime(timeKey), new ClockWatch(clock, clocks))
    this.#agreement = new LayoutAgreement(clock, layout, () =>
      this.run(AGREE, timeKey, [layout, String(LAYOUT_HELD_MS)]),
    )
    this.#breaker = new Breaker({
      clock,
      failures: maxFailures,
      probeMs,
      probe: () => this.time.renew(),
      isAway,
      changed: (state, error) => events.changed(state, error),
    })
  }

  /** Whether the server is known to end keys before their time when its memory is full. */
  get mayEvict(): boolean {
    return this.#mayEvict
  }

  get isAway(): boolean {
    return this.#breaker.isOpen
  }

  /** The server's time, at once where it is known and all replicas are known to agree on their layout. */
  now(): number | Promise<number> {
    const agreed = this.#agreement.check()
    const now = this.#timeNow()
    return agreed === undefined ? now : Promise.all([agreed, now]).then(() => now)
  }

  #timeNow(): number | Promise<number> {
    const now = this.time.known()
    if (now !== undefined) return now
    if (this.#breaker.isOpen) return this.#refuse()
    return this.time.renew().then(
      () => this.time.estimate,
      (error: unknown) => {
        throw failureOf(error)
      },
    )
  }

  /** What `read` makes of a value and the server's time, at once where that is known. */
  at<V, T>(value: V, read: (value: V, now: number) => T | Promise<T>): T | Promise<T> {
    const now = this.now()
    return typeof now === 'number' ? read(value, now) : now.then((then) => read(value, then))
  }

  /** What stands under a key, as `read` has it. */
  get<T>(key: string, read: (value: unknown) => T | Promise<T>): Promise<T> {
    return this.#breaker.isOpen ? this.#refuse() : this.#follow(this.#commands.get(key), read)
  }

  /** Sets a value where there is none: `read` gets the value that stood, or null if this one was set. */
  setIfAbsent<T>(
    key: string,
    value: string,
    lifeMs: number,
    read: (before: unknown) => T | Promise<T>,
  ): Promise<T> {
    if (this.#breaker.isOpen) return this.#refuse()
    if (!this.#hasSetNxGet) return this.#claimByScript(key, value, lifeMs, read)
    const answer = this.#follow(this.#commands.setIfAbsent(key, value, lifeMs), read)
    if (this.#knowsSetNxGet) return answer
    return this.#orElse(answer, () => this.#claimByScript(key, value, lifeMs, read))
  }

  /** What a script answers: whether it did what it is for, and the value that stands or stood. `keys`: of one slot. */
  async run(
    script: RedisScript,
    keys: string | readonly string[],
    args: readonly string[],
  ): Promise<readonly [boolean, unknown]> {
    if (this.#breaker.isOpen) return this.#refuse()
    const askedAt = this.#clock.now()
    const called =
      typeof keys === 'string' ? this.#evaluate(script, [keys], args) : this.#persist(script, keys, args)
    const answer = await this.#follow(called, (value) => value)
    if (!Array.isArray(answer))
      throw new StickyError('table-failed', 'the sticky table: a script answered no list')
    // Its time, which scripts on bindings tell beside.
    if (answer.length > 2) this.time.observe(askedAt, Number(answer[2]))
    return [Number(answer[0]) === 1, answer[1]]
  }

  close(): void {
    this.#breaker.close()
    this.#deadlines.close()
  }

  /** Follows the first claims: by their answer the server shows whether it has the command. */
  async #orElse<T>(answer: Promise<T>, byScript: () => Promise<T>): Promise<T> {
    try {
      const result = await answer
      this.#knowsSetNxGet = true
      return result
    } catch (error) {
      if (!isSyntaxError(error)) throw error
      this.#hasSetNxGet = false
      return byScript()
    }
  }

  async #claimByScript<T>(
    key: string,
    value: string,
    lifeMs: number,
    read: (before: unknown) => T | Promise<T>,
  ): Promise<T> {
    const [isSet, standing] = await this.run(SET_IF_ABSENT, key, [value, String(lifeMs)])
    return read(isSet ? null : standing)
  }

  #refuse(): Promise<never> {
    return Promise.reject(this.#breaker.refusal())
  }

  /** Follows a call to its end, by one promise: layers of async functions would cost as much as the client's own work. */
  #follow<T>(answer: Promise<unknown>, read: (answer: unknown) => T | Promise<T>): Promise<T> {
    const call = new RedisCall<T>(this.#expired)
    this.#deadlines.begin(call)
    answer.then(
      (value) => {
        if (!this.#deadlines.end(call)) return
        this.#breaker.succeeded()
        try {
          call.resolve(read(value))
        } catch (error) {
          call.reject(error)
        }
      },
      (error: unknown) => {
        if (this.#deadlines.end(call)) this.#fail(call, error)
      },
    )
    return call.result
  }

  readonly #expired = (call: OpenCall): void => this.#fail(call, this.#late())

  #fail(call: OpenCall, error: unknown): void {
    this.#breaker.failed(shownError(error))
    this.time.renewSoon()
    call.reject(failureOf(error))
  }

  /**
   * While a Cluster moves a slot, it refuses calls for keys of which some have gone already or never were (TRYAGAIN), until all have: so a
   * call for several is made again, for as long as its time lasts.
   */
  async #persist(script: RedisScript, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    const end = this.#clock.now() + this.#callTimeoutMs
    for (;;) {
      try {
        return await this.#evaluate(script, keys, args)
      } catch (error) {
        if (replyCode(error) !== 'TRYAGAIN' || this.#clock.now() >= end) throw error
      }
      await new Promise<void>((resolve) => this.#clock.after(TRIED_AGAIN_AFTER_MS, resolve))
    }
  }

  async #evaluate(script: RedisScript, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    try {
      return await this.#commands.evalSha(script.sha, keys, args)
    } catch (error) {
      // A server that was started anew, or a replica that was promoted, has not seen it yet.
      if (replyCode(error) !== 'NOSCRIPT') throw error
      this.time.renewSoon()
      return this.#commands.eval(script.text, keys, args)
    }
  }

  async #askTime(key: string): Promise<number> {
    const answer = await this.#follow(this.#evaluate(TIME, [key], []), (value) => value)
    if (!this.#isInspected) void this.#inspect(key)
    const [seconds, microseconds] = Array.isArray(answer) ? answer.map(Number) : []
    if (!(Number(seconds) > 0) || microseconds === undefined) {
      throw new StickyError('table-failed', 'the sticky table: the server does not tell its time')
    }
    return (seconds as number) * 1_000 + microseconds / 1_000
  }

  /** Once, beside the traffic. A user without the right to ask is not warned. */
  async #inspect(key: string): Promise<void> {
    this.#isInspected = true
    const info = await this.#evaluate(MEMORY, [key], []).catch(() => undefined)
    const warning = evictionWarning(info)
    if (warning === undefined) return
    this.#mayEvict = true
    this.#events.warned(warning)
  }

  #late(): StickyError {
    return new StickyError(
      'table-timeout',
      `the sticky table: Redis did not answer within ${this.#callTimeoutMs} ms (option "redisTable.callTimeoutMs")`,
    )
  }
}

function isSyntaxError(error: unknown): boolean {
  return error instanceof StickyError && /syntax error/i.test(error.message)
}
