import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RecencyList, type RecencyNode } from '../../src/table/recency-list.ts'

interface Letter extends RecencyNode<Letter> {
  readonly name: string
}
const letter = (name: string): Letter => ({ name, newer: undefined, older: undefined })

/** Takes a list apart from its back: least recent first. */
function drained(list: RecencyList<Letter>): string[] {
  const names: string[] = []
  for (let node = list.back; node; node = list.back) {
    names.push(node.name)
    list.remove(node)
  }
  return names
}

describe('RecencyList', () => {
  it('has no back when it is empty', () => {
    expect(new RecencyList<Letter>().back).toBeUndefined()
  })

  it('orders like an array for any history of uses and removals', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('use', 'remove'), fc.nat(9)), { maxLength: 60 }),
        (history) => {
          const list = new RecencyList<Letter>()
          const nodes = new Map<number, Letter>()
          let model: string[] = []
          for (const [action, index] of history) {
            const name = String(index)
            const node = nodes.get(index)
            if (action === 'use' && node) list.toFront(node)
            else if (action === 'use') {
              const added = letter(name)
              nodes.set(index, added)
              list.addFront(added)
            } else if (node) {
              list.remove(node)
              nodes.delete(index)
            }
            model = model.filter((other) => other !== name)
            if (action === 'use') model.push(name)
          }
          expect(drained(list)).toEqual(model)
        },
      ),
    )
  })
})
