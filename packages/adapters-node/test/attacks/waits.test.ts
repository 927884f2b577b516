import { describe, it } from 'vitest'
import { withstand } from './withstand.ts'

describe('placeholder', { timeout: 60_000 }, () => {
  it.skip('x', async () => {
    await withstand(async () => undefined)
  })
})
