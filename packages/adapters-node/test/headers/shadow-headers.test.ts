import { expect, it } from 'vitest'
import { isShadowHeader } from '../../src/headers/shadow-headers.ts'

it.each(['Content_Length', 'transfer_encoding', 'TRANSFER_ENCODING', 'Proxy', 'proxy'])(
  '%s is one',
  (name) => {
    expect(isShadowHeader(name)).toBe(true)
  },
)

it.each([
  'Content-Length',
  'Transfer-Encoding',
  'Content_Type',
  'api_key',
  'x_content_length',
  'Proxy-Status',
  'Range',
])('%s is none', (name) => {
  expect(isShadowHeader(name)).toBe(false)
})
