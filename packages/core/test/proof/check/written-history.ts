import type { ProofEvent, RouteEvent, Rules, TableEvent } from '../history/event.ts'

/** Round numbers, so that the histories of tests can be read. */
export const RULES: Rules = {
  idleTimeoutMs: 1_000,
  absoluteTimeoutMs: 5_000,
  minMoveIntervalMs: 500,
  stalenessMs: 20,
  clockErrorMs: 5,
  settleMs: 100,
}

/** Events of a history as a test writes it, with what each has to have filled in. */
export const at: {
  readonly start: ProofEvent
  /** A call of the key `k` by a gateway, that took from `since` to `since + 10` unless it says otherwise. */
  call(by: string, since: number, op: TableEvent['op'], more?: Partial<TableEvent>): TableEvent
  claimed(
    by: string,
    since: number,
    version: string,
    identity: string,
    more?: Partial<TableEvent>,
  ): TableEvent
  found(by: string, since: number, version: string, identity: string, more?: Partial<TableEvent>): TableEvent
  moved(by: string, since: number, from: string, version: string, identity: string): TableEvent
  route(
    by: string,
    since: number,
    kind: RouteEvent['kind'],
    to: string,
    more?: Partial<RouteEvent>,
  ): RouteEvent
  view(by: string, time: number, ...usable: string[]): ProofEvent
  fault(begin: number, end: number, more?: { gateways?: string[]; forgetsMs?: number }): ProofEvent[]
} = {
  start: { what: 'start', at: 0, seed: 1, rules: RULES },
  call: (by, since, op, more = {}) => ({ what: 'table', by, key: 'k', since, at: since + 10, op, ...more }),
  claimed: (by, since, version, identity, more) =>
    at.call(by, since, 'claim', { version, identity, candidate: identity, made: true, ...more }),
  found: (by, since, version, identity, more) => at.call(by, since, 'lookup', { version, identity, ...more }),
  moved: (by, since, from, version, identity) =>
    at.call(by, since, 'move', { from, version, identity, candidate: identity, made: true }),
  route: (by, since, kind, to, more) => ({
    what: 'route',
    by,
    id: since,
    key: 'k',
    since,
    at: since + 10,
    kind,
    to,
    ...more,
  }),
  view: (by, time, ...usable) => ({ what: 'view', by, at: time, usable }),
  fault: (begin, end, more = {}) => {
    const fault = { what: 'fault', by: 'world', id: String(begin), kind: 'kill', ...more } as const
    return [
      { ...fault, phase: 'begin', at: begin },
      { ...fault, phase: 'end', at: end },
    ]
  },
}
