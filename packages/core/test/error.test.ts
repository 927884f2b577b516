import { describe, expect, it, vi } from 'vitest'
import { StickyError } from '../src/error.ts'

describe('StickyError', () => {
  it('carries a code to match on, a message to read and the cause it had', () => {
    const cause = new Error('ECONNREFUSED')
    const error = new StickyError('connect-failed', 'pod-1 refused the connection', { cause })
    expect(error).toBeInstanceOf(Error)
    expect(error.name).toBe('StickyError')
    expect(error.code).toBe('connect-failed')
    expect(error.cause).toBe(cause)
    expect(String(error)).toBe('StickyError: pod-1 refused the connection')
    expect(error.stack).toContain('error.test.ts')
  })

  it('has no cause where there was none', () => {
    expect('cause' in new StickyError('closed', 'closed')).toBe(false)
  })

  it('is recognised by another copy of this package in the same process', async () => {
    vi.resetModules()
    const copy = await import('../src/error.ts')
    expect(copy.StickyError).not.toBe(StickyError)
    expect(new copy.StickyError('closed', 'closed')).toBeInstanceOf(StickyError)
    expect(new StickyError('closed', 'closed')).toBeInstanceOf(copy.StickyError)
  })

  it.each([new Error('other'), { code: 'closed' }, 'closed', null, undefined])('is not %o', (value) => {
    expect(value instanceof StickyError).toBe(false)
  })
})
