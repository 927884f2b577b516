import { describe, expect, it } from 'vitest'
import { storedKey } from '../../src/table/stored-key.ts'

describe('storedKey', () => {
  it('stores a key of up to 64 characters as it is', () => {
    expect(storedKey('x'.repeat(64))).toBe('x'.repeat(64))
  })

  it('stores a longer key as 65 characters', () => {
    expect(storedKey('x'.repeat(65))).toHaveLength(65)
    expect(storedKey('x'.repeat(60_000))).toHaveLength(65)
  })

  it('keeps long keys apart that differ in their last byte', () => {
    expect(storedKey(`${'x'.repeat(300)}\u00e9`)).not.toBe(storedKey(`${'x'.repeat(300)}\u00e8`))
  })

  it('cannot be met by a key that looks like a stored one', () => {
    const stored = storedKey('x'.repeat(65))
    expect(storedKey(stored)).not.toBe(stored)
  })
})
