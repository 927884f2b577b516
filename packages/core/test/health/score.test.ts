import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkSchedule } from '../../src/health/check-schedule.ts'
import { Score, type Verdict } from '../../src/health/score.ts'

/** The verdict after each result: `+` healthy, `-` not. */
function verdicts(results: string, rise: number, fall: number): Verdict[] {
  const score = new Score()
  const schedule = checkSchedule('check', { rise, fall })
  return [...results].map((result) => {
    score.add(result === '+', schedule)
    return score.verdict
  })
}

const shown = (results: string, rise: number, fall: number) =>
  verdicts(results, rise, fall)
    .map((verdict) => verdict[0])
    .join('')

describe('Score', () => {
  it.each([
    ['+---+++-', 2, 3, 'pppffppp'],
    ['-+-++--', 2, 3, 'ffffppp'],
    ['+--+--+---', 2, 3, 'pppppppppf'],
    ['-+', 1, 1, 'fp'],
    ['+-+-', 1, 1, 'pfpf'],
    ['-++++', 3, 1, 'fffpp'],
  ])('after %s with rise %i and fall %i has said %s', (results, rise, fall, expected) => {
    expect(shown(results, rise, fall)).toBe(expected)
  })

  it('changes its verdict exactly after rise or fall results in a row against it', () => {
    const limit = fc.integer({ min: 1, max: 5 })
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1 }), limit, limit, (results, rise, fall) => {
        const text = results.map((isHealthy) => (isHealthy ? '+' : '-')).join('')
        const said = verdicts(text, rise, fall)
        for (let i = 1; i < said.length; i++) {
          const [needed, sign] = said[i - 1] === 'passing' ? [fall, '-'] : [rise, '+']
          const isDue = text.slice(0, i + 1).endsWith(sign.repeat(needed))
          // The first result made the verdict; a row that reaches back to it agrees with it and cannot be against it.
          expect(said[i] !== said[i - 1]).toBe(isDue)
        }
      }),
    )
  })

  it('answers whether a result has changed the verdict', () => {
    const score = new Score()
    const schedule = checkSchedule('check', { rise: 2, fall: 2 })
    const changes = [true, true, false, false, false, true, true].map((isHealthy) =>
      score.add(isHealthy, schedule),
    )
    expect(changes).toEqual([true, false, false, true, false, false, true])
  })
})
