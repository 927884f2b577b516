import type { FaultEvent, ProofEvent } from '../history/event.ts'

interface Outage {
  readonly begin: number
  readonly end: number
  readonly gateways: readonly string[] | undefined
  /** What was written after this time may be lost; undefined = nothing is. */
  readonly forgetsSince: number | undefined
}

/** The declared outages of a history, each until it has settled. One without an end never ends. */
export class Outages {
  readonly #outages: readonly Outage[]

  constructor(events: readonly ProofEvent[], settleMs: number) {
    const faults = events.filter((event) => event.what === 'fault')
    const ends = new Map<string, number>()
    for (const { phase, id, at } of faults) if (phase === 'end') ends.set(id, at + settleMs)
    this.#outages = faults
      .filter(({ phase }) => phase === 'begin')
      .map(({ at, id, gateways, forgetsMs }: FaultEvent) => ({
        begin: at,
        end: ends.get(id) ?? Number.POSITIVE_INFINITY,
        gateways,
        forgetsSince: forgetsMs === undefined ? undefined : at - forgetsMs,
      }))
  }

  /** Whether any part of a span lies in an outage of this gateway. */
  concern(gateway: string, since: number, at: number): boolean {
    return this.#outages.some(
      (outage) => meets(outage, since, at) && (outage.gateways?.includes(gateway) ?? true),
    )
  }

  /** Whether the table may have lost, by then, what was written at a time. */
  mayForget(written: number, by: number): boolean {
    return this.#outages.some(
      ({ begin, end, forgetsSince = Number.POSITIVE_INFINITY }) =>
        forgetsSince <= written && written <= end && begin <= by,
    )
  }

  /** When what a gateway asked at this time, and was not answered, has taken effect if it ever does. */
  effectBy(gateway: string, at: number): number {
    let by = at
    for (const outage of this.#outages) {
      if (meets(outage, at, by) && (outage.gateways?.includes(gateway) ?? true)) by = Math.max(by, outage.end)
    }
    return by
  }
}

function meets({ begin, end }: Outage, since: number, at: number): boolean {
  return begin <= at && since <= end
}
