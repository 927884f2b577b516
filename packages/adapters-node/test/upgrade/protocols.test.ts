import { describe, expect, it } from 'vitest'
import { agreedProtocols, askedProtocols } from '../../src/upgrade/protocols.ts'

describe('askedProtocols', () => {
  it.each([
    [['Upgrade', 'websocket'], 'websocket'],
    [['UPGRADE', ' WebSocket , chat/2 ', 'x', 'y', 'upgrade', 'irc/6.9'], 'WebSocket, chat/2, irc/6.9'],
    [['Upgrade', 'h2c'], undefined],
    [['Upgrade', 'H2C, h2, HTTP/2.0, websocket'], 'websocket'],
    [['Upgrade', 'h2cat'], 'h2cat'],
    [['Upgrade', ' , '], undefined],
    [['Upgraded', 'websocket'], undefined],
  ])('of %j: %j', (rawHeaders, asked) => {
    expect(askedProtocols(rawHeaders, '1.1')).toBe(asked)
  })

  it('asks for none in HTTP/1.0', () => {
    expect(askedProtocols(['Upgrade', 'websocket'], '1.0')).toBeUndefined()
  })
})

describe('agreedProtocols', () => {
  it.each([
    ['websocket', 'websocket', 'websocket'],
    ['WebSocket', 'websocket', 'WebSocket'],
    ['b', 'a, b, c', 'b'],
    ['c, a', 'a, b, c', 'c, a'],
    ['d', 'a, b, c', undefined],
    ['a, d', 'a, b, c', undefined],
    ['', 'a', undefined],
    ['a', undefined, undefined],
  ])('%j of the asked %j: %j', (upgrade, asked, agreed) => {
    expect(agreedProtocols(['Upgrade', upgrade], asked)).toBe(agreed)
  })

  it('agrees to nothing without an Upgrade header', () => {
    expect(agreedProtocols(['Connection', 'Upgrade'], 'a')).toBeUndefined()
  })
})
