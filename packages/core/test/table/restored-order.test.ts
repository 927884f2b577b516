import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BindingRows } from '../../src/table/binding-rows.ts'
import { RestoredOrder } from '../../src/table/restored-order.ts'
import type { SlotOrder } from '../../src/table/slot-order.ts'

function slotsOf(order: SlotOrder | undefined): number[] {
  const slots: number[] = []
  if (order === undefined) return slots
  for (let slot = order.newerThan(0); slot !== 0; slot = order.newerThan(slot)) slots.push(slot)
  const backward: number[] = []
  for (let slot = order.olderThan(0); slot !== 0; slot = order.olderThan(slot)) backward.push(slot)
  expect(backward.reverse()).toEqual(slots)
  return slots
}

function bind(rows: BindingRows, createdAt: number, usedAt: number): number {
  const slot = rows.take()
  rows.fill(slot, { first: slot, second: 0, third: 0 }, 1, createdAt, usedAt, slot)
  return slot
}

/** A slot with times, into the list of restored ones. */
function restore(rows: BindingRows, order: RestoredOrder, createdAt: number, usedAt: number): number {
  const slot = bind(rows, createdAt, usedAt)
  order.add(slot)
  return slot
}

function addOwn(rows: BindingRows, now: number): number {
  const slot = bind(rows, now, now)
  rows.recency.add(slot)
  rows.creation?.add(slot)
  return slot
}

const times = fc.tuple(fc.nat(100_000_000), fc.nat(20_000_000))

describe('RestoredOrder', () => {
  it.each([true, false])('sorts by use, and by creation where the table does (%s)', async (hasAbsolute) => {
    await fc.assert(
      fc.asyncProperty(fc.array(times, { maxLength: 60, size: 'max' }), fc.nat(5), async (all, own) => {
        const rows = new BindingRows(hasAbsolute, 2)
        const order = new RestoredOrder(rows)
        const slots = all.map(([createdAt, idle]) => restore(rows, order, createdAt, createdAt + idle))
        const ours = Array.from({ length: own }, (_, index) => addOwn(rows, 10 ** 9 + index))
        await order.settle(() => true)
        const by = (time: (slot: number) => number) => slots.toSorted((a, b) => time(a) - time(b))
        const recency = slotsOf(rows.recency)
        expect(recency.map((slot) => rows.usedAt(slot))).toEqual(
          [...by((slot) => rows.usedAt(slot)), ...ours].map((slot) => rows.usedAt(slot)),
        )
        expect(recency.slice(slots.length)).toEqual(ours)
        expect(new Set(recency).size).toBe(slots.length + own)
        if (!hasAbsolute) return
        const creation = slotsOf(rows.creation)
        expect(creation.map((slot) => rows.createdAt(slot))).toEqual(
          [...by((slot) => rows.createdAt(slot)), ...ours].map((slot) => rows.createdAt(slot)),
        )
        expect(new Set(creation).size).toBe(slots.length + own)
      }),
      { numRuns: 50 },
    )
  })

  it('gives its heads back', async () => {
    const rows = new BindingRows(true, 2)
    const order = new RestoredOrder(rows)
    for (let index = 0; index < 100; index++) restore(rows, order, index, index)
    await order.settle(() => true)
    const { end } = rows
    for (let index = 0; index < 100; index++) addOwn(rows, 1_000)
    expect(rows.end).toBe(end)
    expect(slotsOf(rows.recency)).toHaveLength(200)
  })

  it('lets restored slots be used, ended and told while they are sorted', async () => {
    const rows = new BindingRows(true, 6)
    const order = new RestoredOrder(rows)
    const slots = Array.from({ length: 10_000 }, (_, index) => {
      const createdAt = (index * 7_919) % 100_003
      return restore(rows, order, createdAt, createdAt + ((index * 104_729) % 1_299_709))
    })
    const standing = new Set(slots)
    const used: number[] = []
    let turns = 0
    await order.settle(() => {
      turns++
      for (let step = 0; step < 50; step++) {
        const slot = slots[(turns * 997 + step * 131) % slots.length] as number
        if (!standing.has(slot) || used.includes(slot)) continue
        if (step % 2 === 0) {
          rows.setUsedAt(slot, 10 ** 7 + used.length)
          rows.recency.toNewest(slot)
          used.push(slot)
        } else {
          rows.recency.remove(slot)
          rows.creation?.remove(slot)
          rows.give(slot)
          standing.delete(slot)
        }
      }
      const any = order.any()
      expect(any === 0 || (standing.has(any) && !used.includes(any))).toBe(true)
      return true
    })
    expect(turns).toBeGreaterThan(5)
    const recency = slotsOf(rows.recency)
    expect(new Set(recency)).toEqual(standing)
    expect(recency).toHaveLength(standing.size)
    expect(recency.slice(-used.length)).toEqual(used)
    const usedAt = recency.map((slot) => rows.usedAt(slot))
    expect(usedAt).toEqual(usedAt.toSorted((a, b) => a - b))
    const creation = slotsOf(rows.creation)
    expect(creation).toHaveLength(standing.size)
    const createdAt = creation.map((slot) => rows.createdAt(slot))
    expect(createdAt).toEqual(createdAt.toSorted((a, b) => a - b))
    expect(order.any()).toBe(0)
  })

  it('stops where it is told to', async () => {
    const rows = new BindingRows(false, 6)
    const order = new RestoredOrder(rows)
    for (let index = 0; index < 10_000; index++) restore(rows, order, 0, (index * 7_919) % 100_003)
    let turns = 0
    await order.settle(() => {
      turns++
      return false
    })
    expect(turns).toBe(1)
    expect(slotsOf(rows.recency)).toEqual([])
  })
})
