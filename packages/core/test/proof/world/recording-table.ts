import type { MaybePromise } from '../../../src/maybe-promise.ts'
import type { Binding, Claim, Move, StickyTable } from '../../../src/table/sticky-table.ts'
import type { TableEvent } from '../history/event.ts'
import { monotonic } from '../history/monotonic.ts'

type Told = Pick<TableEvent, 'version' | 'identity' | 'made'>
type Asked = Pick<TableEvent, 'op' | 'key' | 'from' | 'candidate'>

/** A table that records what it is asked and answers. */
export function recordingTable(
  table: StickyTable,
  record: (call: Omit<TableEvent, 'what' | 'by' | 'id'>) => void,
): StickyTable {
  const call = async <T>(asked: Asked, act: () => MaybePromise<T>, tell: (answer: T) => Told): Promise<T> => {
    const since = monotonic()
    try {
      const answer = await act()
      record({ since, at: monotonic(), ...asked, ...tell(answer) })
      return answer
    } catch (error) {
      const code = (error as { code?: unknown }).code ?? (error as Error).message
      record({ since, at: monotonic(), ...asked, error: String(code) })
      throw error
    }
  }
  return {
    ...(table.scope && { scope: table.scope }),
    lookup: (key) => call({ op: 'lookup', key }, () => table.lookup(key), toldOf),
    claim: (key, candidate) =>
      call(
        { op: 'claim', key, candidate },
        () => table.claim(key, candidate),
        ({ binding, created }: Claim) => ({ ...toldOf(binding), made: created }),
      ),
    move: (key, from, candidate) =>
      call(
        { op: 'move', key, from: from.version, candidate },
        () => table.move(key, from, candidate),
        ({ binding, moved }: Move) => ({ ...toldOf(binding), made: moved }),
      ),
    touch: (key, binding) =>
      call(
        { op: 'touch', key, from: binding.version },
        () => table.touch(key, binding),
        () => ({}),
      ),
    release: (key, from) =>
      call(
        { op: 'release', key, ...(from && { from: from.version }) },
        () => table.release(key, from),
        (made: boolean) => ({ made }),
      ),
  }
}

function toldOf(binding: Binding | undefined): Told {
  return binding ? { version: binding.version, identity: binding.identity } : {}
}
