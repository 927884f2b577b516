import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { programFolder, removeFolder } from '../../support/real-program.ts'
import type { ProofEvent } from './event.ts'
import { HistoryFile, readHistory } from './history-file.ts'

function paths(): [string, string] {
  const folder = programFolder()
  onTestFinished(() => removeFolder(folder))
  return [join(folder, 'one.jsonl'), join(folder, 'other.jsonl')]
}

const seen = (at: number): ProofEvent => ({ what: 'view', by: 'g', at, usable: ['a'] })

it('events of several files come in the order of their ends; a line that was cut short is left out', () => {
  const [one, other] = paths()
  const [first, second] = [new HistoryFile(one), new HistoryFile(other)]
  for (const at of [1, 4]) first.add(seen(at))
  for (const at of [2, 3]) second.add(seen(at))
  first.close()
  second.close()
  appendFileSync(other, '{"what":"view","at":5')
  expect(readHistory([one, other])).toEqual([1, 2, 3, 4].map(seen))
})

it('a history has a bound', () => {
  const [one] = paths()
  const file = new HistoryFile(one, 2)
  file.add(seen(1))
  file.add(seen(2))
  expect(() => file.add(seen(3))).toThrow('a history of more than 2 events')
  file.close()
})
