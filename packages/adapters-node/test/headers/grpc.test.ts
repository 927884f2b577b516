import { describe, expect, it } from 'vitest'
import { grpcTrailers, isGrpc } from '../../src/headers/grpc.ts'

describe('isGrpc', () => {
  it.each([
    ['application/grpc', true],
    ['application/grpc+proto', true],
    ['application/grpc; charset=utf-8', true],
    ['Application/gRPC', true],
    ['application/grpc-web', false],
    ['application/grpc-web+proto', false],
    ['application/json', false],
  ])('%s: %s', (type, expected) => {
    expect(isGrpc({ rawHeaders: [':path', '/', 'content-type', type] } as never)).toBe(expected)
  })

  it('is false without a content type', () => {
    expect(isGrpc({ rawHeaders: ['x-a', 'application/grpc'] } as never)).toBe(false)
  })
})

describe('grpcTrailers', () => {
  it.each([
    [400, '13'],
    [401, '16'],
    [403, '7'],
    [404, '12'],
    [408, '2'],
    [429, '14'],
    [500, '2'],
    [502, '14'],
    [503, '14'],
    [504, '14'],
  ])('HTTP %i is grpc-status %s', (status, expected) => {
    expect(grpcTrailers(status, '').slice(0, 2)).toEqual(['grpc-status', expected])
  })

  it('encodes what is not printable ASCII, and the percent sign', () => {
    expect(grpcTrailers(503, 'no-endpoints: 100 % für\nalle ~')[3]).toBe(
      'no-endpoints: 100 %25 f%C3%BCr%0Aalle ~',
    )
  })
})
