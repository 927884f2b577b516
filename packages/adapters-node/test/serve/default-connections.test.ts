import { describe, expect, it } from 'vitest'
import { defaultMaxConnections } from '../../src/serve/default-connections.ts'

const limits = (soft: string) => () =>
  `Limit                     Soft Limit           Hard Limit           Units
Max processes             62859                62859                processes
Max open files            ${soft.padEnd(20)} 1048576              files`

describe('the default number of connections', () => {
  it.each([
    ['half of what the process may open without a reserve', limits('1024'), 384],
    ['not fewer than 256', limits('100'), 256],
    ['not more than memory is meant to take', limits('1048576'), 16_384],
    ['the same where descriptors are unlimited', limits('unlimited'), 16_384],
    ['the same where the system does not tell', () => '', 16_384],
  ])('is %s', (_what, read, expected) => {
    expect(defaultMaxConnections(read)).toBe(expected)
  })

  it('can be read here', () => {
    expect(defaultMaxConnections()).toBeGreaterThanOrEqual(256)
  })
})
