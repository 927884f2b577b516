import { describe, expect, it } from 'vitest'
import {
  availabilityOf,
  type Drain,
  type Health,
  isLocalEvidence,
  type LossCause,
} from '../../src/endpoint/availability.ts'

/** The three conditions as `ready serving terminating`, one letter or a dash for each. */
const CONDITIONS = {
  rst: { ready: true, serving: true, terminating: true },
  'rs-': { ready: true, serving: true, terminating: false },
  'r-t': { ready: true, serving: false, terminating: true },
  'r--': { ready: true, serving: false, terminating: false },
  '-st': { ready: false, serving: true, terminating: true },
  '-s-': { ready: false, serving: true, terminating: false },
  '--t': { ready: false, serving: false, terminating: true },
  '---': { ready: false, serving: false, terminating: false },
}

type Words = keyof typeof CONDITIONS

/** Written by hand, not derived: what every combination amounts to. */
const TABLE: readonly (readonly [Words, Health, Drain, string])[] = [
  ['rs-', 'healthy', 'none', 'ready'],
  ['rs-', 'healthy', 'draining', 'draining'],
  ['rs-', 'healthy', 'over', 'down drained'],
  ['rs-', 'ejected', 'none', 'down ejected'],
  ['rs-', 'ejected', 'draining', 'down ejected'],
  ['rs-', 'ejected', 'over', 'down drained'],
  ['rs-', 'unreachable', 'none', 'down unreachable'],
  ['rs-', 'unreachable', 'draining', 'down unreachable'],
  ['rs-', 'unreachable', 'over', 'down drained'],

  ['r--', 'healthy', 'none', 'ready'],
  ['r--', 'healthy', 'draining', 'draining'],
  ['r--', 'healthy', 'over', 'down drained'],
  ['r--', 'ejected', 'none', 'down ejected'],
  ['r--', 'ejected', 'draining', 'down ejected'],
  ['r--', 'ejected', 'over', 'down drained'],
  ['r--', 'unreachable', 'none', 'down unreachable'],
  ['r--', 'unreachable', 'draining', 'down unreachable'],
  ['r--', 'unreachable', 'over', 'down drained'],

  ['rst', 'healthy', 'none', 'draining'],
  ['rst', 'healthy', 'draining', 'draining'],
  ['rst', 'healthy', 'over', 'down drained'],
  ['rst', 'ejected', 'none', 'down ejected'],
  ['rst', 'ejected', 'draining', 'down ejected'],
  ['rst', 'ejected', 'over', 'down drained'],
  ['rst', 'unreachable', 'none', 'down unreachable'],
  ['rst', 'unreachable', 'draining', 'down unreachable'],
  ['rst', 'unreachable', 'over', 'down drained'],

  ['-st', 'healthy', 'none', 'draining'],
  ['-st', 'healthy', 'draining', 'draining'],
  ['-st', 'healthy', 'over', 'down drained'],
  ['-st', 'ejected', 'none', 'down ejected'],
  ['-st', 'ejected', 'draining', 'down ejected'],
  ['-st', 'ejected', 'over', 'down drained'],
  ['-st', 'unreachable', 'none', 'down unreachable'],
  ['-st', 'unreachable', 'draining', 'down unreachable'],
  ['-st', 'unreachable', 'over', 'down drained'],

  ['r-t', 'healthy', 'none', 'down terminated'],
  ['r-t', 'healthy', 'draining', 'down terminated'],
  ['r-t', 'healthy', 'over', 'down terminated'],
  ['r-t', 'ejected', 'none', 'down terminated'],
  ['r-t', 'ejected', 'draining', 'down terminated'],
  ['r-t', 'ejected', 'over', 'down terminated'],
  ['r-t', 'unreachable', 'none', 'down terminated'],
  ['r-t', 'unreachable', 'draining', 'down terminated'],
  ['r-t', 'unreachable', 'over', 'down terminated'],

  ['--t', 'healthy', 'none', 'down terminated'],
  ['--t', 'healthy', 'draining', 'down terminated'],
  ['--t', 'healthy', 'over', 'down terminated'],
  ['--t', 'ejected', 'none', 'down terminated'],
  ['--t', 'ejected', 'draining', 'down terminated'],
  ['--t', 'ejected', 'over', 'down terminated'],
  ['--t', 'unreachable', 'none', 'down terminated'],
  ['--t', 'unreachable', 'draining', 'down terminated'],
  ['--t', 'unreachable', 'over', 'down terminated'],

  ['-s-', 'healthy', 'none', 'down not-ready'],
  ['-s-', 'healthy', 'draining', 'down not-ready'],
  ['-s-', 'healthy', 'over', 'down not-ready'],
  ['-s-', 'ejected', 'none', 'down not-ready'],
  ['-s-', 'ejected', 'draining', 'down not-ready'],
  ['-s-', 'ejected', 'over', 'down not-ready'],
  ['-s-', 'unreachable', 'none', 'down not-ready'],
  ['-s-', 'unreachable', 'draining', 'down not-ready'],
  ['-s-', 'unreachable', 'over', 'down not-ready'],

  ['---', 'healthy', 'none', 'down not-ready'],
  ['---', 'healthy', 'draining', 'down not-ready'],
  ['---', 'healthy', 'over', 'down not-ready'],
  ['---', 'ejected', 'none', 'down not-ready'],
  ['---', 'ejected', 'draining', 'down not-ready'],
  ['---', 'ejected', 'over', 'down not-ready'],
  ['---', 'unreachable', 'none', 'down not-ready'],
  ['---', 'unreachable', 'draining', 'down not-ready'],
  ['---', 'unreachable', 'over', 'down not-ready'],
]

function said(words: Words, health?: Health, drain?: Drain): string {
  const availability = availabilityOf(CONDITIONS[words], health, drain)
  return availability.state === 'down' ? `down ${availability.cause}` : availability.state
}

describe('availability', () => {
  it('is what the table says, for each of the 72 combinations', () => {
    expect(new Set(TABLE.map(([...cells]) => cells.slice(0, 3).join())).size).toBe(8 * 3 * 3)
    expect(TABLE.map(([words, health, drain]) => [words, health, drain, said(words, health, drain)])).toEqual(
      TABLE,
    )
  })

  it('takes an endpoint for healthy and not draining unless told otherwise', () => {
    for (const words of Object.keys(CONDITIONS) as Words[]) {
      expect(said(words)).toBe(said(words, 'healthy', 'none'))
    }
  })

  it('answers shared objects: the request path allocates nothing', () => {
    for (const [words, health, drain] of TABLE) {
      const ask = () => availabilityOf(CONDITIONS[words], health, drain)
      expect(ask()).toBe(ask())
    }
  })
})

describe('local evidence', () => {
  it('is what checks and traffic of this replica say, and nothing else', () => {
    const causes: LossCause[] = ['gone', 'not-ready', 'terminated', 'drained', 'ejected', 'unreachable']
    expect(causes.filter(isLocalEvidence)).toEqual(['ejected', 'unreachable'])
  })
})
