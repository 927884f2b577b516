import type { Identity } from '../../../src/endpoint/endpoint.ts'
import type { MoveCause } from '../../../src/route/route-counts.ts'
import type { MemoryTable } from '../../../src/table/memory.ts'
import type { Binding, Claim, Move, StickyTable, Version } from '../../../src/table/sticky-table.ts'

/** A binding as it must stand. A move makes another. */
export interface Entry {
  readonly identity: Identity
  readonly version: Version
  readonly createdAt: number
  readonly movedAt: number | undefined
  usedAt: number
}

/** What one replica did to the binding of a key. */
export interface Change {
  readonly what: 'bound' | 'moved' | 'released'
  readonly replica: number
  readonly key: string
  readonly before: Entry | undefined
  readonly after: Entry | undefined
  /** Told by the pool right after a move. */
  cause: MoveCause | undefined
}

export interface LedgerOptions {
  readonly now: () => number
  readonly idleMs: number
  readonly absoluteMs: number
  readonly maxEntries: number
  readonly whenFull: 'evict' | 'refuse'
}

/**
 * What a table must hold: the plainest table there is, kept beside the real one, and compared with each of its answers.
 * Collects breaches instead of throwing, since a pool takes what its table throws for a failure of the table.
 */
export class Ledger {
  readonly breaches: string[] = []
  /** Changes since they were last taken. */
  #changes: Change[] = []
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry>()
  readonly #versions = new Set<Version>()
  readonly #options: LedgerOptions

  constructor(options: LedgerOptions) {
    this.#options = options
  }

  get size(): number {
    this.#prune()
    return this.#entries.size
  }

  /** True if a table with so many bindings refuses a new key. */
  refuses(size: number = this.size): boolean {
    return this.#options.whenFull === 'refuse' && size >= this.#options.maxEntries
  }

  entry(key: string): Entry | undefined {
    this.#prune()
    return this.#entries.get(key)
  }

  count(identity: Identity): number {
    this.#prune()
    return [...this.#entries.values()].filter((entry) => entry.identity === identity).length
  }

  /** Every binding as it stands. */
  copy(): ReadonlyMap<string, Entry> {
    this.#prune()
    return new Map(this.#entries)
  }

  takeChanges(replica: number): Change[] {
    const taken = this.#changes.filter((change) => change.replica === replica)
    this.#changes = this.#changes.filter((change) => change.replica !== replica)
    return taken
  }

  /** The replica says why it has moved a key. */
  moved(replica: number, cause: MoveCause): void {
    const change = this.#changes.findLast((one) => one.replica === replica && one.cause === undefined)
    if (change) change.cause = cause
    else this.breaches.push(`a move (${cause}) was told that the table has not made`)
  }

  breach(law: string): void {
    this.breaches.push(law)
  }

  looked(key: string, answer: Binding | undefined): void {
    const entry = this.entry(key)
    if (entry) this.#use(key, entry)
    this.#same('lookup', answer, entry)
  }

  claimed(replica: number, key: string, candidate: Identity, answer: Claim): void {
    const entry = this.entry(key)
    if (entry) {
      this.#use(key, entry)
      if (answer.created) this.breach('L4 claim: a key that is bound was bound anew')
      return this.#same('claim', answer.binding, entry)
    }
    this.#bound(replica, key, candidate, answer.binding, answer.created)
  }

  moveAnswered(replica: number, key: string, from: Binding, to: Identity, answer: Move): void {
    const before = this.entry(key)
    if (!before) return this.#bound(replica, key, to, answer.binding, answer.moved)
    if (before.version !== from.version) {
      this.#use(key, before)
      if (answer.moved) this.breach('L2 move: a binding was moved that no longer stands')
      return this.#same('move', answer.binding, before)
    }
    if (!answer.moved || !answer.binding) return this.breach('L2 move: refused, although its binding stands')
    const { createdAt } = before
    const now = this.#now()
    const after = this.#set(key, { identity: to, createdAt, movedAt: now }, answer.binding)
    this.#changes.push({ what: 'moved', replica, key, before, after, cause: undefined })
  }

  touched(key: string, version: Version): void {
    const entry = this.entry(key)
    if (entry?.version === version) this.#use(key, entry)
  }

  released(replica: number, key: string, from: Binding | undefined, answer: boolean): void {
    const before = this.entry(key)
    const isDue = before !== undefined && (from === undefined || from.version === before.version)
    if (answer !== isDue) this.breach(`L2 release answered ${answer}`)
    if (!isDue) return
    this.#entries.delete(key)
    this.#changes.push({ what: 'released', replica, key, before, after: undefined, cause: undefined })
  }

  #bound(replica: number, key: string, to: Identity, binding: Binding | undefined, isMade: boolean): void {
    if (this.refuses()) {
      if (binding) this.breach('L5 a full table that refuses has bound a key')
      return
    }
    if (!binding || !isMade) return this.breach('L4 a key without a binding was not bound')
    if (this.size >= this.#options.maxEntries)
      this.#entries.delete(this.#entries.keys().next().value as string)
    const after = this.#set(key, { identity: to, createdAt: this.#now(), movedAt: undefined }, binding)
    this.#changes.push({ what: 'bound', replica, key, before: undefined, after, cause: undefined })
  }

  #set(key: string, due: Omit<Entry, 'version' | 'usedAt'>, { version, ...answer }: Binding): Entry {
    if (this.#versions.has(version)) this.breach('L2 a version came twice')
    this.#versions.add(version)
    const entry: Entry = { ...due, version, usedAt: this.#now() }
    this.#use(key, entry)
    this.#same('new binding', { version, ...answer }, entry)
    return entry
  }

  #same(what: string, answer: Binding | undefined, entry: Entry | undefined): void {
    const told =
      answer &&
      `${answer.identity} v${answer.version} ${answer.createdAt} ${answer.movedAt} ${answer.expiresAt}`
    const due =
      entry && `${entry.identity} v${entry.version} ${entry.createdAt} ${entry.movedAt} ${this.#end(entry)}`
    if (told !== due) this.breach(`L4 ${what} answered ${told}, due is ${due}`)
  }

  #use(key: string, entry: Entry): void {
    entry.usedAt = this.#now()
    this.#entries.delete(key)
    this.#entries.set(key, entry)
  }

  #prune(): void {
    const now = this.#now()
    for (const [key, entry] of this.#entries) if (now >= this.#end(entry)) this.#entries.delete(key)
  }

  #end({ usedAt, createdAt }: Entry): number {
    return Math.min(usedAt + this.#options.idleMs, createdAt + this.#options.absoluteMs)
  }

  #now(): number {
    return Math.floor(this.#options.now())
  }
}

/** The table as one replica has it, each answer of which goes through the ledger. `counts`: it can count keys. */
export function watchedTable(
  table: MemoryTable,
  ledger: Ledger,
  replica: number,
  scope: 'process' | undefined,
  counts: boolean,
): StickyTable {
  const through = <T>(answer: T, note: (answer: T) => void): T => {
    note(answer)
    return answer
  }
  const countByEndpoint = (identity: Identity) =>
    through(table.countByEndpoint(identity), (count) => {
      const due = ledger.count(identity)
      if (count !== due) ledger.breach(`L5 ${count} keys counted for ${identity}, due are ${due}`)
    })
  return {
    ...(scope && { scope }),
    ...(counts && { countByEndpoint, counts: () => table.counts() }),
    lookup: (key) => through(table.lookup(key), (answer) => ledger.looked(key, answer)),
    claim: (key, candidate, address) =>
      through(table.claim(key, candidate, address), (answer) =>
        ledger.claimed(replica, key, candidate, answer),
      ),
    move: (key, from, to, address) =>
      through(table.move(key, from, to, address), (answer) =>
        ledger.moveAnswered(replica, key, from, to, answer),
      ),
    touch: (key, binding) => through(table.touch(key, binding), () => ledger.touched(key, binding.version)),
    release: (key, from) =>
      through(table.release(key, from), (answer) => ledger.released(replica, key, from, answer)),
  }
}
