import type { Binding } from '../sticky-table.ts'

/** The era of an entry that may not be served: something happened to its key. */
export const DOUBTED = -1

/** What is remembered of one key. */
export class NearEntry {
  readonly key: string
  /** How invalidations name the key. */
  readonly name: string
  binding: Binding
  /** When the question was put that `binding` is the answer to: what it says was so then, or later. */
  askedAt = 0
  /** When the key was last used here. */
  usedAt = 0
  /** A use from here on is told to the table. */
  touchAt = 0
  /** Until then the binding is served as it is, in its era. */
  quietUntil = 0
  era: number = DOUBTED
  /** Used since eviction last came by. */
  isUsed = false
  place = 0

  constructor(key: string, name: string, binding: Binding) {
    this.key = key
    this.name = name
    this.binding = binding
  }
}

/** Entries that eviction passes over, used ones, before it takes one all the same: a bound on the time of one insertion. */
const MOST_PASSED = 64

/**
 * A bounded number of entries. When it is full, one goes that was not used since eviction last came by: a mark for each hit in
 * place of a move in a list, which would write to three entries.
 */
export class NearEntries {
  readonly #most: number
  readonly #byKey = new Map<string, NearEntry>()
  readonly #byName: Map<string, NearEntry> | undefined
  readonly #ring: NearEntry[] = []
  #hand = 0
  evicted = 0

  /** `hasNames`: names of keys are others than the keys. */
  constructor(most: number, hasNames: boolean) {
    this.#most = most
    this.#byName = hasNames ? new Map() : undefined
  }

  get size(): number {
    return this.#ring.length
  }

  find(key: string): NearEntry | undefined {
    return this.#byKey.get(key)
  }

  named(name: string): NearEntry | undefined {
    return this.#byName === undefined ? this.#byKey.get(name) : this.#byName.get(name)
  }

  /** Adds an entry for a key that has none. */
  add(key: string, name: string, binding: Binding): NearEntry {
    if (this.#ring.length >= this.#most) {
      this.remove(this.#leastUsed())
      this.evicted++
    }
    const entry = new NearEntry(ownText(key), this.#byName === undefined ? '' : ownText(name), binding)
    entry.place = this.#ring.length
    this.#ring.push(entry)
    this.#byKey.set(entry.key, entry)
    this.#byName?.set(entry.name, entry)
    return entry
  }

  remove(entry: NearEntry): void {
    const last = this.#ring.pop() as NearEntry
    if (last !== entry) {
      this.#ring[entry.place] = last
      last.place = entry.place
    }
    this.#byKey.delete(entry.key)
    this.#byName?.delete(entry.name)
  }

  /** Removes those that `isMeant`; goes over all. */
  removeWhere(isMeant: (entry: NearEntry) => boolean): void {
    for (let place = this.#ring.length - 1; place >= 0; place--) {
      const entry = this.#ring[place] as NearEntry
      if (isMeant(entry)) this.remove(entry)
    }
  }

  all(): Iterable<NearEntry> {
    return this.#ring
  }

  clear(): void {
    this.#byKey.clear()
    this.#byName?.clear()
    this.#ring.length = 0
  }

  #leastUsed(): NearEntry {
    for (let passed = 0; ; passed++) {
      if (this.#hand >= this.#ring.length) this.#hand = 0
      const entry = this.#ring[this.#hand++] as NearEntry
      if (!entry.isUsed || passed === MOST_PASSED) return entry
      entry.isUsed = false
    }
  }
}

/** The same text as a string of its own: one cut out of a request's head would keep the whole head in memory. */
function ownText(text: string): string {
  const copy = Buffer.from(text, 'latin1').toString('latin1')
  return copy === text ? copy : text
}
