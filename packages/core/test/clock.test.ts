import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../src/clock.ts'

describe('systemClock', () => {
  it('counts milliseconds from the Unix epoch', () => {
    // Both clocks agree at the start of the process; an hour leaves room for any step of the wall clock since.
    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(3_600_000)
  })

  it('never goes backwards', () => {
    let last = systemClock.now()
    for (let reading = 0; reading < 10_000; reading++) {
      const now = systemClock.now()
      expect(now).toBeGreaterThanOrEqual(last)
      last = now
    }
  })

  it('calls once, later than now', async () => {
    let calls = 0
    const called = new Promise<void>((resolve) => {
      systemClock.after(0, () => {
        calls++
        resolve()
      })
    })
    expect(calls).toBe(0)
    await called
    expect(calls).toBe(1)
  })

  it('does not make a cancelled call, and takes a second cancel', async () => {
    const cancel = systemClock.after(0, () => expect.unreachable())
    cancel()
    cancel()
    // Timers of one duration fire in order, so the cancelled one would have been called by then.
    await new Promise<void>((resolve) => systemClock.after(0, resolve))
  })

  it('does not keep a process alive', () => {
    const script = `import { systemClock } from './src/clock.ts'; systemClock.after(3_600_000, () => undefined)`
    const { status } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: new URL('..', import.meta.url),
      timeout: 60_000,
    })
    expect(status).toBe(0)
  })
})
