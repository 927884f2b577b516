import type { Identity } from '../../../src/endpoint/endpoint.ts'
import type { ProofEvent, ViewEvent } from '../history/event.ts'

/** Which endpoints each gateway could use, at what time. */
export class Views {
  readonly #views = new Map<string, ViewEvent[]>()

  constructor(events: readonly ProofEvent[]) {
    for (const event of events) {
      if (event.what !== 'view') continue
      const views = this.#views.get(event.by) ?? []
      this.#views.set(event.by, views)
      views.push(event)
    }
  }

  /** Whether a gateway could not use an endpoint at some moment of a span. */
  lacked(gateway: string, identity: Identity, since: number, at: number): boolean {
    return this.#during(gateway, since, at).some(({ usable }) => !usable.includes(identity))
  }

  /** The endpoints that a gateway could use throughout a span, as text; undefined if they changed meanwhile. */
  steady(gateway: string, since: number, at: number): string | undefined {
    const [view, ...others] = this.#during(gateway, since, at)
    return view === undefined || others.length > 0 ? undefined : view.usable.toSorted().join()
  }

  /** The view that held when the span began, and those that came during it. */
  #during(gateway: string, since: number, at: number): readonly ViewEvent[] {
    const views = this.#views.get(gateway) ?? []
    const from = views.findLastIndex((view) => view.at <= since)
    const to = views.findLastIndex((view) => view.at <= at)
    return views.slice(Math.max(from, 0), to + 1)
  }
}
