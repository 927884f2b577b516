import { expect, it } from 'vitest'
import { address } from '../../src/key/address.ts'
import { all, firstOf, map } from '../../src/key/combined.ts'
import { cookie } from '../../src/key/cookie.ts'
import { header } from '../../src/key/header.ts'
import { path } from '../../src/key/path.ts'
import { query } from '../../src/key/query.ts'
import { createSticky } from '../../src/sticky.ts'

const bare = { name: 'own', read: () => 'k' }

it.each([
  ['header', header('X-Session'), ['x-session']],
  ['cookie', cookie('sid'), []],
  ['query', query('k'), []],
  ['path', path(0), []],
  ['address', address(), []],
  ['one of the user without headers', bare, []],
  ['map', map(header('X-A'), (key) => key), ['x-a']],
  ['firstOf', firstOf(header('X-A'), cookie('b'), header('x-c')), ['x-a', 'x-c']],
  ['all', all(header('X-A'), bare, header('x-a')), ['x-a']],
  [
    'combined ones',
    firstOf(
      all(header('A'), header('B')),
      map(header('C'), (key) => key),
    ),
    ['a', 'b', 'c'],
  ],
])('the pool of %s tells which headers its key is read from', async (_what, key, headers) => {
  const sticky = createSticky({ key, endpoints: ['http://10.0.0.1:80'] })
  expect(sticky.keyHeaders).toEqual(headers)
  await sticky.close()
})
