import { expect, it } from 'vitest'
import { APP_PROTOCOLS, spokenProtocol } from '../../src/endpoint/app-protocol.ts'

it.each([
  ['http', 'http:', '1.1'],
  ['https', 'https:', '1.1'],
  ['kubernetes.io/ws', 'http:', '1.1'],
  ['kubernetes.io/wss', 'https:', '1.1'],
  ['kubernetes.io/h2c', 'http:', '2'],
  ['h2c', 'http:', '2'],
  ['grpc', 'http:', '2'],
  ['h2', 'https:', '2'],
])('%s is spoken as %s in HTTP/%s, in any case', (name, protocol, httpVersion) => {
  expect(spokenProtocol(name)).toEqual({ protocol, httpVersion })
  expect(spokenProtocol(name.toUpperCase())).toEqual({ protocol, httpVersion })
  expect(APP_PROTOCOLS).toContain(name)
})

it('knows no others', () => {
  expect(APP_PROTOCOLS).toHaveLength(8)
  for (const name of [
    '',
    'tcp',
    'mysql',
    'redis',
    'http/2',
    ' http',
    'kubernetes.io/',
    'constructor',
    '__proto__',
  ]) {
    expect(spokenProtocol(name)).toBeUndefined()
  }
})
