import type { IncomingMessage } from 'node:http'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readDrainRequest } from '../src/drain-request.ts'

const read = (url: string, method = 'GET', identity?: (request: IncomingMessage) => string | undefined) =>
  readDrainRequest({ url, method } as IncomingMessage, identity, 60_000)

describe('readDrainRequest', () => {
  it.each([
    ['/?identity=web-1', 'web-1', undefined],
    ['/drain?identity=web-1&deadlineMs=30000', 'web-1', 30_000],
    ['/drain/web-1', 'web-1', undefined],
    ['/drain/10.0.0.1:80?deadlineMs=0', '10.0.0.1:80', 0],
    ['/drain/%5Bfd00::1%5D:80', '[fd00::1]:80', undefined],
    ['/web-2?identity=web-1', 'web-1', undefined],
  ])('of %s is for %s with deadline %s', (url, identity, deadlineMs) => {
    expect(read(url)).toEqual({ kind: 'drain', identity, deadlineMs })
    expect(read(url, 'POST')).toEqual({ kind: 'drain', identity, deadlineMs })
  })

  it.each([
    ['/', 'identity: '],
    ['/drain/', 'identity: '],
    ['/?identity=', 'identity: '],
    ['/?identity=a&identity=b', 'identity: '],
    ['/?identity=a%0Ab', 'identity: '],
    [`/${'a'.repeat(254)}`, 'identity: '],
    ['/%ff', 'identity: '],
    ['/a?deadlineMs=', 'deadlineMs: '],
    ['/a?deadlineMs=-1', 'deadlineMs: '],
    ['/a?deadlineMs=1e3', 'deadlineMs: '],
    ['/a?deadlineMs=60001', 'deadlineMs: expected one number of milliseconds from 0 to 60000'],
    ['/a?deadlineMs=1&deadlineMs=2', 'deadlineMs: '],
    [':x', 'the request target'],
  ])('refuses %s and names what is wrong', (url, message) => {
    expect(read(url)).toMatchObject({ kind: 'bad', status: 400, message: expect.stringContaining(message) })
  })

  it.each(['PUT', 'DELETE', 'HEAD'])('refuses the method %s', (method) => {
    expect(read('/a', method)).toMatchObject({ kind: 'bad', status: 405, code: 'method-not-allowed' })
  })

  it('asks the function where there is one', () => {
    expect(read('/web-1', 'GET', () => 'web-9')).toMatchObject({ identity: 'web-9' })
    expect(read('/web-1', 'GET', () => undefined)).toMatchObject({ kind: 'bad', status: 400 })
  })

  it('answers whatever comes, without throwing', () => {
    fc.assert(
      fc.property(fc.oneof(fc.webPath(), fc.string()), fc.webQueryParameters(), (path, query) => {
        expect(['drain', 'bad']).toContain(read(`${path}?${query}`).kind)
      }),
    )
  })
})
