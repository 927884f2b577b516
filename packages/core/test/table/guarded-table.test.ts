import { describe, expect, it } from 'vitest'
import { isPromise } from '../../src/maybe-promise.ts'
import { GuardedTable, type TableCaller } from '../../src/table/guarded-table.ts'
import { memoryTable } from '../../src/table/memory.ts'
import type { Binding, StickyTable } from '../../src/table/sticky-table.ts'
import { fakeClock } from '../../src/testing/fake-clock.ts'
import { settled } from '../support/settled.ts'
import { type Fault, faultyTable } from '../support/tables.ts'

const CALLER: TableCaller = { signal: undefined }
const BINDING: Binding = { identity: 'pod-1', version: 1, createdAt: 0, expiresAt: 1 }
const OPERATIONS = ['lookup', 'claim', 'move'] as const
const TRIES = ['tryMove', 'tryTouch', 'tryRelease'] as const

function guard(table: StickyTable) {
  const clock = fakeClock()
  const reports: string[] = []
  const guarded = new GuardedTable<TableCaller, string>(table, {
    timeoutMs: 250,
    clock,
    failed: (_caller, error) => `without table: ${error instanceof Error ? error.message : error}`,
    ended: () => 'ended',
    report: (operation, error) =>
      reports.push(`${operation}: ${error instanceof Error ? error.message : error}`),
  })
  const answered = (_caller: TableCaller, answer: object | undefined) =>
    `answered ${JSON.stringify(answer ?? null)}`
  const ask = (operation: (typeof OPERATIONS)[number], caller = CALLER) => {
    switch (operation) {
      case 'lookup':
        return guarded.lookup('k', caller, answered)
      case 'claim':
        return guarded.claim('k', 'pod-1', undefined, caller, answered)
      case 'move':
        return guarded.move('k', BINDING, 'pod-2', undefined, caller, answered)
    }
  }
  const attempt = (attempted: (typeof TRIES)[number]) => {
    switch (attempted) {
      case 'tryMove':
        return guarded.tryMove('k', BINDING, 'pod-2')
      case 'tryTouch':
        return guarded.tryTouch('k', BINDING)
      case 'tryRelease':
        return guarded.tryRelease('k', BINDING)
    }
  }
  return { clock, reports, guarded, ask, attempt }
}

/** The same fault in every operation. */
function faulty(fault: Fault, error?: unknown): StickyTable {
  return faultyTable(
    memoryTable(),
    { lookup: fault, claim: fault, move: fault, touch: fault, release: fault },
    error,
  )
}

/** Every operation answers with this promise. */
function answering<T>(answer: Promise<T>): StickyTable {
  const operation = () => answer as Promise<never>
  return { lookup: operation, claim: operation, move: operation, touch: operation, release: operation }
}

describe('GuardedTable', () => {
  describe.each(OPERATIONS)('%s', (operation) => {
    it('goes on at once with what the table answers at once', () => {
      const { ask, clock } = guard(memoryTable())
      const result = ask(operation)
      expect(isPromise(result)).toBe(false)
      expect(result).toMatch(/^answered /)
      expect(clock.pending).toBe(0)
    })

    it('goes on with what the table answers later, and leaves no timer', async () => {
      const { ask, clock, reports } = guard(answering(Promise.resolve(BINDING)))
      const result = ask(operation)
      expect(clock.pending).toBe(1)
      expect(await result).toBe(`answered ${JSON.stringify(BINDING)}`)
      expect(clock.pending).toBe(0)
      expect(reports).toEqual([])
    })

    it('goes on without a table that throws, at once, and reports it', () => {
      const { ask, reports } = guard(faulty('throws'))
      expect(ask(operation)).toBe('without table: broken')
      expect(reports).toEqual([`${operation}: broken`])
    })

    it('goes on without a table that rejects, reports it and leaves no timer', async () => {
      const { ask, reports, clock } = guard(faulty('rejects'))
      expect(await ask(operation)).toBe('without table: broken')
      expect(reports).toEqual([`${operation}: broken`])
      expect(clock.pending).toBe(0)
    })

    it('goes on without a table that does not answer in time, and names the option', async () => {
      const { ask, reports, clock } = guard(faulty('hangs'))
      const result = ask(operation)
      clock.advance(249)
      await settled()
      expect(reports).toEqual([])
      clock.advance(1)
      const message = `the sticky table did not answer ${operation} within 250 ms (option "createSticky.tableTimeoutMs")`
      expect(await result).toBe(`without table: ${message}`)
      expect(reports).toEqual([`${operation}: ${message}`])
      expect(clock.pending).toBe(0)
    })

    it('ignores what the table answers, or fails with, after its time', async () => {
      for (const late of ['answer', 'failure']) {
        const { promise, resolve, reject } = Promise.withResolvers<Binding>()
        const { ask, reports, clock } = guard(answering(promise))
        const result = ask(operation)
        clock.advance(250)
        expect(await result).toMatch(/^without table/)
        if (late === 'answer') resolve(BINDING)
        else reject(new Error('too late'))
        await settled()
        expect(reports).toHaveLength(1)
      }
    })

    it('ends the wait when the caller goes away, and neither reports nor leaves anything', async () => {
      const { ask, reports, clock } = guard(faulty('hangs'))
      const gone = new AbortController()
      const result = ask(operation, { signal: gone.signal })
      gone.abort()
      expect(await result).toBe('ended')
      expect(reports).toEqual([])
      expect(clock.pending).toBe(0)
    })

    it('does not wait for a caller who went away before', async () => {
      const { ask, clock } = guard(faulty('hangs'))
      expect(await ask(operation, { signal: AbortSignal.abort() })).toBe('ended')
      expect(clock.pending).toBe(0)
    })

    it('ends the wait when the table is closed, and waits as before in later calls', async () => {
      const { ask, reports, clock, guarded } = guard(faulty('hangs'))
      const result = ask(operation)
      guarded.close()
      guarded.close()
      expect(await result).toBe('ended')
      expect(clock.pending).toBe(0)
      const later = ask(operation)
      clock.advance(250)
      expect(await later).toMatch(/^without table/)
      expect(reports).toHaveLength(1)
    })

    it('takes care of a failure that comes after the caller went away', async () => {
      for (const when of ['before the call', 'after the call']) {
        const { promise, reject } = Promise.withResolvers<Binding>()
        const { ask } = guard(answering(promise))
        const gone = new AbortController()
        if (when === 'before the call') gone.abort()
        const result = ask(operation, { signal: gone.signal })
        gone.abort()
        expect(await result).toBe('ended')
        // Vitest fails the run if this becomes an unhandled rejection, which would end a gateway's process.
        reject(new Error('connection lost'))
        await settled()
      }
    })
  })

  it('lets go of the signal of a caller who stays for many requests', async () => {
    const { ask } = guard(answering(Promise.resolve(BINDING)))
    const { signal } = new AbortController()
    let listeners = 0
    const counted = Object.assign(Object.create(signal) as AbortSignal, {
      addEventListener: () => listeners++,
      removeEventListener: () => listeners--,
    })
    Object.defineProperty(counted, 'aborted', { value: false })
    for (let request = 0; request < 5; request++) await ask('lookup', { signal: counted })
    expect(listeners).toBe(0)
  })

  describe.each(TRIES)('%s', (attempted) => {
    const operation = attempted.slice(3).toLowerCase()

    it('is over at once where the table answers at once', () => {
      const { attempt, reports } = guard(memoryTable())
      expect(attempt(attempted)).toBeUndefined()
      expect(reports).toEqual([])
    })

    it('only reports a table that throws', () => {
      const { attempt, reports } = guard(faulty('throws'))
      expect(attempt(attempted)).toBeUndefined()
      expect(reports).toEqual([`${operation}: broken`])
    })

    it('only reports a table that rejects', async () => {
      const { attempt, reports, clock } = guard(faulty('rejects'))
      await attempt(attempted)
      expect(reports).toEqual([`${operation}: broken`])
      expect(clock.pending).toBe(0)
    })

    it('ends without a report when the table is closed', async () => {
      const { attempt, reports, clock, guarded } = guard(faulty('hangs'))
      const attempting = attempt(attempted)
      guarded.close()
      await attempting
      expect(reports).toEqual([])
      expect(clock.pending).toBe(0)
    })

    it('only reports a table that does not answer in time', async () => {
      const { attempt, reports, clock } = guard(faulty('hangs'))
      const attempting = attempt(attempted)
      clock.advance(250)
      await attempting
      expect(reports).toEqual([expect.stringContaining(`did not answer ${operation} within 250 ms`)])
      expect(clock.pending).toBe(0)
    })
  })

  it('tells who claims beside a request whether the table answered, and reports why not', async () => {
    for (const table of [memoryTable(), answering(Promise.resolve({ binding: BINDING, created: false }))]) {
      expect(await guard(table).guarded.tryClaim('k', 'pod-1', undefined)).toBe(true)
    }
    for (const fault of ['throws', 'rejects', 'hangs'] as const) {
      const { guarded, reports, clock } = guard(faulty(fault))
      const claiming = guarded.tryClaim('k', 'pod-1', undefined)
      clock.advance(250)
      expect(await claiming).toBe(false)
      expect(reports).toEqual([expect.stringContaining('claim')])
      expect(clock.pending).toBe(0)
    }
  })

  it('only reports an answer that is none, now or later', async () => {
    for (const nonsense of [undefined as never, Promise.resolve() as Promise<never>]) {
      const { attempt, reports } = guard({ ...faulty('hangs'), move: () => nonsense })
      await attempt('tryMove')
      expect(reports).toEqual([expect.stringMatching(/^move: /)])
    }
  })

  it('tells who asked to move which binding stands, if it was moved', async () => {
    const moved: Binding = { ...BINDING, identity: 'pod-2', version: 2 }
    for (const answer of [
      { binding: moved, moved: true },
      Promise.resolve({ binding: moved, moved: true }),
    ]) {
      const told: Binding[] = []
      const { guarded } = guard({ ...faulty('hangs'), move: () => answer })
      await guarded.tryMove('k', BINDING, 'pod-2', (binding) => told.push(binding))
      expect(told).toEqual([moved])
    }
    const { guarded } = guard({ ...faulty('hangs'), move: () => ({ binding: moved, moved: false }) })
    await guarded.tryMove('k', BINDING, 'pod-2', () => expect.unreachable())
  })

  it('follows anything that can be awaited, not only promises of its own realm', async () => {
    // biome-ignore lint/suspicious/noThenProperty: clients of databases answer such objects
    const thenable = { then: (resolve: (binding: Binding) => void) => resolve(BINDING) }
    const { ask } = guard({ ...memoryTable(), lookup: () => thenable as unknown as Promise<Binding> })
    expect(await ask('lookup')).toBe(`answered ${JSON.stringify(BINDING)}`)
  })
})
