import { expect, it } from 'vitest'
import { connectionNames, isHopByHop } from '../../src/headers/hop-by-hop.ts'

const named = (values: readonly string[], kept: readonly string[] = []) =>
  connectionNames(
    values.flatMap((value, i) => [i % 2 === 0 ? 'Connection' : 'connection', value]),
    kept,
  )

it.each([
  'Connection',
  'keep-alive',
  'KEEP-ALIVE',
  'Proxy-Connection',
  'TE',
  'Transfer-Encoding',
  'Upgrade',
  'expect',
])('%s concerns one connection alone', (name) => {
  expect(isHopByHop(name)).toBe(true)
})

it.each([
  '',
  'Host',
  'Trailer',
  'Content-Length',
  'Via',
  'tE2',
  'Upgrades',
  'Connections',
  'keep_alive',
  'Transfer_Encoding',
])('%j goes on to the pod', (name) => {
  expect(isHopByHop(name)).toBe(false)
})

it('takes the names of every Connection header, in lower case', () => {
  expect(named(['X-A, x-b', 'keep-alive , X-C,, \tX-D\t'])).toEqual(new Set(['x-a', 'x-b', 'x-c', 'x-d']))
})

it.each(['keep-alive', 'close', 'Close', 'Keep-Alive, TE', 'upgrade', '', ' , ,'])(
  'finds none in %j',
  (value) => {
    expect(named([value])).toBeUndefined()
  },
)

it('takes no value for a header', () => {
  expect(connectionNames(['X', 'Connection', 'Y', 'X-A'], [])).toBeUndefined()
})

it.each([
  'host',
  'Cookie',
  'authorization',
  'Forwarded',
  'X-Real-IP',
  'content-length',
  'Content-Type',
  'X-Forwarded-For',
  'x-forwarded-proto',
])('does not let %s be named away', (name) => {
  expect(named([name])).toBeUndefined()
  expect(named([`x-a, ${name}`])).toEqual(new Set(['x-a']))
})

it('does not let a header be named away that the key is read from', () => {
  expect(named(['X-Session, x-a'], ['x-session'])).toEqual(new Set(['x-a']))
  expect(named(['X-Session'], ['x-session'])).toBeUndefined()
  expect(named(['X-Session'], ['x-other'])).toEqual(new Set(['x-session']))
})
