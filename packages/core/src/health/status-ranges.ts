import { functionOption, invalidOption } from '../option.ts'

/** Statuses that a health check takes for healthy: single ones (`200`, `'200'`), ranges (`'200-399'`), or a function. @public */
export type ExpectedStatus = readonly (number | string)[] | ((status: number) => boolean)

/** A checked {@link ExpectedStatus}, with its words for messages. */
export interface StatusMatch {
  readonly matches: (status: number) => boolean
  readonly words: string
}

const RANGE = /^([1-9]\d\d)(?:-([1-9]\d\d))?$/

/** @throws StickyError `invalid-option` */
export function statusMatch(path: string, expected: ExpectedStatus): StatusMatch {
  if (typeof expected === 'function') {
    return { matches: functionOption(path, expected), words: 'a status that expectedStatus takes' }
  }
  if (!Array.isArray(expected) || expected.length === 0) {
    throw invalidOption(path, "statuses such as [200, '300-399'], or a function", expected)
  }
  const ranges = expected.map((entry: number | string, index): readonly [number, number] => {
    const [, low, high = low] = RANGE.exec(String(entry)) ?? []
    if (low === undefined || Number(high) < Number(low)) {
      throw invalidOption(`${path}[${index}]`, 'a status or a range such as 200-399', entry)
    }
    return [Number(low), Number(high)]
  })
  return {
    matches: (status) => ranges.some(([low, high]) => status >= low && status <= high),
    words: `a status of ${expected.join(', ')}`,
  }
}
