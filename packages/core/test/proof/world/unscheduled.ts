import type { FaultEvent } from '../history/event.ts'
import { monotonic } from '../history/monotonic.ts'

const TICK_MS = 20
/** A process that does not run for so long may find its table too slow. */
const LONG_MS = 150

/**
 * Declares the times in which this process was not scheduled as outages: of its own, or of `everybody`, whose connections go through it. Answers how
 * to end it.
 */
export function declareUnscheduled(
  by: string,
  record: (event: FaultEvent) => void,
  concerns: 'itself' | 'everybody' = 'itself',
): () => void {
  let last = monotonic()
  let count = 0
  const look = () => {
    const now = monotonic()
    if (now - last > LONG_MS) {
      const fault = {
        what: 'fault',
        by,
        id: `${by}-${count++}`,
        kind: 'unscheduled',
        ...(concerns === 'itself' && { gateways: [by] }),
      } as const
      record({ ...fault, phase: 'begin', at: last })
      record({ ...fault, phase: 'end', at: now })
    }
    last = now
  }
  const timer = setInterval(look, TICK_MS)
  return () => {
    clearInterval(timer)
    look()
  }
}
