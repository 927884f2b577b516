import type { Route } from '@limpet/core'

/** Lines for single keys are printed up to this many; under load only the counts are. */
const MOST_LINES = 40

/**
 * Shows which key sits on which pod: a line for each key that is bound or moves, and the number of keys of each pod, at
 * most once a second. Keys identify sessions and do not belong into a log; they are shown here because it is a demo.
 */
export class Board {
  readonly #podOfKey = new Map<string, string>()
  readonly #print: (line: string) => void
  #lines = 0
  #timer: NodeJS.Timeout | undefined

  constructor(print: (line: string) => void) {
    this.#print = print
  }

  show(key: string | undefined, route: Route): void {
    if (key === undefined || (route.kind !== 'bound' && route.kind !== 'moved')) return
    this.#podOfKey.set(key, route.endpoint.identity)
    const why = route.kind === 'moved' ? `moved, ${route.from} is lost` : 'bound'
    if (++this.#lines <= MOST_LINES) this.#print(`  ${key} → ${route.endpoint.identity} (${why})`)
    if (this.#lines === MOST_LINES) this.#print('  … more keys: only counts from here on')
    this.#timer ??= setTimeout(() => this.#summary(), 1_000).unref()
  }

  #summary(): void {
    this.#timer = undefined
    const counts = new Map<string, number>()
    for (const pod of this.#podOfKey.values()) counts.set(pod, (counts.get(pod) ?? 0) + 1)
    const parts = [...counts].sort().map(([pod, keys]) => `${pod}: ${keys} keys`)
    this.#print(`[${parts.join(' · ')}]`)
  }
}
