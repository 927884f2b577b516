import { matches, type RequestMatch } from './request-match.ts'
import { expired } from './status.ts'
import type { Watch } from './watch.ts'
import type { Wire } from './wire.ts'

/**
 * How open watches end: `end` = as by their timeout; `gone` = 410 Expired as an `ERROR` event; `reset` = RST; `cut` = the connection is closed
 * in the middle of the response; `silent` = nothing more comes and the connection stays open.
 *
 * @public
 */
export type WatchEnding = 'end' | 'gone' | 'reset' | 'cut' | 'silent'

/** The watches that are open. */
export class Watches {
  readonly #open = new Map<Watch, Wire>()
  readonly #waiting = new Set<() => void>()

  get count(): number {
    return this.#open.size
  }

  add(watch: Watch, wire: Wire): void {
    this.#open.set(watch, wire)
    wire.onClose(() => {
      watch.stop()
      this.#open.delete(watch)
      this.#changed()
    })
    this.#changed()
  }

  bookmark(): void {
    for (const watch of this.#open.keys()) watch.bookmark()
  }

  end(how: WatchEnding, match: RequestMatch): void {
    for (const [watch, wire] of this.#matching(match)) {
      if (how === 'gone') watch.fail(expired('The resourceVersion for the provided watch is too old.'))
      else if (how === 'end') watch.end()
      else {
        watch.stop()
        if (how === 'reset') wire.reset()
        else if (how === 'cut') wire.cut()
        else wire.silence()
      }
    }
  }

  /** Forgets them all, since their connections are about to end. */
  stop(): void {
    for (const watch of this.#open.keys()) watch.stop()
    this.#open.clear()
    this.#changed()
  }

  /** Resolves when exactly so many watches that match are open. */
  until(count: number, match: RequestMatch): Promise<void> {
    return new Promise((resolve) => {
      const check = () => {
        if (this.#matching(match).length !== count) return
        this.#waiting.delete(check)
        resolve()
      }
      this.#waiting.add(check)
      check()
    })
  }

  #matching(match: RequestMatch): (readonly [Watch, Wire])[] {
    return [...this.#open].filter(([{ target }]) =>
      matches(match, { verb: 'watch', resource: target.resource.plural, namespace: target.namespace }),
    )
  }

  #changed(): void {
    for (const check of this.#waiting) check()
  }
}
