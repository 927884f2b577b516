import { expect, it } from 'vitest'
import { upgradeOffer } from '../../src/headers/upgrade-offer.ts'

it.each([
  [['Upgrade', 'websocket'], 'websocket'],
  [['upgrade', 'h2c'], undefined],
  [['Upgrade', 'H2C, h2'], undefined],
  [['Upgrade', ' h2c ,websocket,'], 'websocket'],
  [['Upgrade', 'a/1', 'X', 'y', 'upgrade', 'h2c, b'], 'a/1, b'],
  [['Connection', 'Upgrade'], undefined],
])('of %j is %s', (rawHeaders, offer) => {
  expect(upgradeOffer(rawHeaders)).toBe(offer)
})
