import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TurnQueue } from '../../src/health/turn-queue.ts'

describe('TurnQueue', () => {
  it('behaves like a list whose first item is taken', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('add', 'take', 'take', 'add', 'clear'), { maxLength: 200 }),
        (steps) => {
          const queue = new TurnQueue<number>()
          let model: number[] = []
          steps.forEach((step, index) => {
            if (step === 'clear') {
              queue.clear()
              model = []
            } else if (step === 'add') {
              queue.add(index)
              model.push(index)
            } else expect(queue.take()).toBe(model.shift())
          })
        },
      ),
    )
  })
})
