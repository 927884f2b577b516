import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SlotColumns } from '../../src/table/slot-columns.ts'
import { SlotOrder } from '../../src/table/slot-order.ts'

const SLOTS = 24
/** Heads of the lists: the table's own, and two as a restore makes them. */
const HEADS = [0, 22, 23]

function slotOrder(): SlotOrder {
  const columns = new SlotColumns(16, 2)
  columns.reach(SLOTS - 1)
  const order = new SlotOrder(columns, 1, 3)
  for (const head of HEADS) if (head !== 0) order.begin(head)
  return order
}

/** The slots of a list from oldest to newest, checked to be the same backwards. */
function slotsOf(order: SlotOrder, head: number): number[] {
  const forward: number[] = []
  for (let slot = order.newerThan(head); slot !== head; slot = order.newerThan(slot)) forward.push(slot)
  const backward: number[] = []
  for (let slot = order.olderThan(head); slot !== head; slot = order.olderThan(slot)) backward.push(slot)
  expect(backward.reverse()).toEqual(forward)
  return forward
}

describe('SlotOrder', () => {
  it('begins with empty lists', () => {
    const order = slotOrder()
    for (const head of HEADS) expect(slotsOf(order, head)).toEqual([])
  })

  it('keeps the order of every list through any history', () => {
    const action = fc.record({
      what: fc.constantFrom('add', 'add', 'remove', 'toNewest', 'toNewest', 'splice'),
      slot: fc.integer({ min: 1, max: 21 }),
      from: fc.constantFrom(22, 23),
      head: fc.constantFrom(...HEADS),
    })
    fc.assert(
      fc.property(fc.array(action, { maxLength: 120, size: 'max' }), (actions) => {
        const order = slotOrder()
        const model = new Map<number, number[]>(HEADS.map((head) => [head, []]))
        const listOf = (slot: number) => [...model.values()].find((list) => list.includes(slot))
        for (const { what, slot, from, head } of actions) {
          const list = listOf(slot)
          if (what === 'add' && list === undefined) {
            order.add(slot, head)
            model.get(head)?.push(slot)
          } else if (what === 'remove' && list !== undefined) {
            order.remove(slot)
            list.splice(list.indexOf(slot), 1)
          } else if (what === 'toNewest' && list !== undefined) {
            order.toNewest(slot)
            list.splice(list.indexOf(slot), 1)
            model.get(0)?.push(slot)
          } else if (what === 'splice' && from !== head) {
            order.splice(from, head)
            model.set(head, [...(model.get(from) as number[]), ...(model.get(head) as number[])])
            model.set(from, [])
          }
          for (const [at, slots] of model) expect(slotsOf(order, at)).toEqual(slots)
        }
      }),
    )
  })

  it('leaves the other words of a row alone', () => {
    const columns = new SlotColumns(16, 2)
    columns.reach(SLOTS - 1)
    for (const segment of columns.words) for (let at = 0; at < segment.length; at += 2) segment[at] = 99
    const order = new SlotOrder(columns, 1, 3)
    for (let slot = 1; slot < SLOTS; slot++) order.add(slot)
    for (let slot = 1; slot < SLOTS; slot += 3) order.toNewest(slot)
    for (let slot = 1; slot < SLOTS; slot += 2) order.remove(slot)
    for (const segment of columns.words)
      for (let at = 0; at < segment.length; at += 2) expect(segment[at]).toBe(99)
  })
})
