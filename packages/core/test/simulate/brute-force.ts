import type { Member } from '../../src/hash/member.ts'
import type { KeyOf } from '../../src/simulate/synthetic-keys.ts'

/** A set of endpoints as a brute-force simulation sees it: whom a key goes to. */
export interface World {
  readonly members: readonly Required<Member>[]
  readonly pick: (key: Uint8Array) => string | undefined
}

/** What moves from one world to the next ones, counted the slow way: with each key's whole history in a list. */
export function bruteForce(
  keyOf: KeyOf,
  bindings: number,
  worlds: readonly World[],
  isStored: boolean,
): { needed: number; unneeded: number; moved: number; elsewhere: number; counts: Record<string, number> } {
  const histories = Array.from({ length: bindings }, (_, index) => {
    const history: string[] = []
    for (const { members, pick } of worlds) {
      const last = history.at(-1)
      const isThere = members.some(({ identity }) => identity === last)
      history.push((isStored && isThere ? last : pick(keyOf(index).slice())) as string)
    }
    return history
  })
  let needed = 0
  let unneeded = 0
  for (const history of histories) {
    for (let step = 1; step < worlds.length; step++) {
      const from = history[step - 1]
      const to = history[step]
      if (from === to) continue
      const isSame = (identity: string | undefined) => {
        const before = worlds[step - 1]?.members.find((member) => member.identity === identity)
        const after = worlds[step]?.members.find((member) => member.identity === identity)
        return before !== undefined && before.weight === after?.weight
      }
      if (isSame(from) && isSame(to)) unneeded++
      else needed++
    }
  }
  const counts: Record<string, number> = {}
  for (const { identity } of worlds.at(-1)?.members ?? []) counts[identity] = 0
  for (const history of histories) {
    const owner = history.at(-1) as string
    counts[owner] = (counts[owner] ?? 0) + 1
  }
  return {
    needed,
    unneeded,
    moved: histories.filter((history) => new Set(history).size > 1).length,
    elsewhere: histories.filter((history) => history[0] !== history.at(-1)).length,
    counts,
  }
}
