import { expect, it } from 'vitest'
import { checkHistory } from './check-history.ts'
import { at } from './written-history.ts'

it('a violation comes with the events that show it', () => {
  const [one, other] = [at.claimed('g1', 100, 'v1', 'a'), at.claimed('g2', 105, 'v2', 'a')]
  const [violation] = checkHistory([at.start, one, other])
  expect(violation?.events).toEqual([one, other])
  expect(violation?.message).toContain('k was bound to a while its binding to a stood')
})

it('a history must say what it was recorded under', () => {
  expect(() => checkHistory([])).toThrow('a history without a start event')
})
