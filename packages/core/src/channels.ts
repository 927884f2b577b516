import { type Channel, channel } from 'node:diagnostics_channel'
import type { DrainOutcome } from './endpoint/drains.ts'
import type { Identity } from './endpoint/endpoint.ts'
import type { EndpointSet } from './endpoint/endpoint-set.ts'
import type { HealthReason } from './health/health-reason.ts'
import type { Route } from './route/route.ts'
import type { MoveCause } from './route/route-counts.ts'
import type { TableOperation } from './table/guarded-table.ts'

/**
 * What Limpet publishes on `node:diagnostics_channel`, by channel name. Names and shapes are frozen: fields may be added,
 * none is taken away or changed. Subscribers run synchronously, on the request path too; without any, nothing is built or
 * called. No message holds a key.
 *
 * @public
 */
export interface ChannelMessages {
  /** A route was given, a refusal included; `route.explain()` says why in one line. */
  'limpet:route': { readonly pool: string; readonly route: Route }
  /** A binding was moved from one endpoint to another. */
  'limpet:move': {
    readonly pool: string
    readonly from: Identity
    readonly to: Identity
    readonly cause: MoveCause
  }
  /** The pool routes by another snapshot: discovery has a new one, or health, drain or weights have changed. */
  'limpet:endpoints': { readonly pool: string; readonly set: EndpointSet }
  /** Checks or traffic have taken an endpoint out (`isHealthy: false`), or let it in again. */
  'limpet:health': {
    readonly pool: string
    readonly identity: Identity
    readonly isHealthy: boolean
    readonly reason: HealthReason
    /** What the last check failed with, where it was a check. */
    readonly error: unknown
  }
  /** A drain has begun. */
  'limpet:drain': { readonly pool: string; readonly identity: Identity }
  /** A drain has ended; once for each. */
  'limpet:drained': { readonly pool: string; readonly identity: Identity; readonly outcome: DrainOutcome }
  /**
   * Discovery failed; the last snapshot stays. `isFinal` = it gave up for good, else it tries again. `asOf` = when the
   * endpoints were last known to be right, where the discovery can tell.
   */
  'limpet:discovery:error': {
    readonly pool: string
    readonly error: unknown
    readonly isFinal: boolean
    readonly asOf: number | undefined
  }
  /** The sticky table failed or was too slow; what the request then got is on `limpet:route`. */
  'limpet:table:error': {
    readonly pool: string
    /** `count`: the counts of a shared table could not be made; the former ones stand. */
    readonly operation: TableOperation | 'count'
    readonly error: unknown
  }
  /** The server of a shared table does not answer and is not asked for the time being (`away`, with what it failed with), or answers again. */
  'limpet:table:state': {
    readonly pool: string
    readonly state: 'away' | 'back'
    readonly error: unknown
  }
  /** The server of a shared table is set up so that bindings may end before their time; told once. */
  'limpet:table:warning': { readonly pool: string; readonly message: string }
}

type MessageChannel<Name extends keyof ChannelMessages> = Channel<unknown, ChannelMessages[Name]>

function named<Name extends keyof ChannelMessages>(name: Name): MessageChannel<Name> {
  return channel(name) as MessageChannel<Name>
}

/** Every channel, by what it tells of. */
export const channels: {
  readonly route: MessageChannel<'limpet:route'>
  readonly move: MessageChannel<'limpet:move'>
  readonly endpoints: MessageChannel<'limpet:endpoints'>
  readonly health: MessageChannel<'limpet:health'>
  readonly drain: MessageChannel<'limpet:drain'>
  readonly drained: MessageChannel<'limpet:drained'>
  readonly discoveryError: MessageChannel<'limpet:discovery:error'>
  readonly tableError: MessageChannel<'limpet:table:error'>
  readonly tableState: MessageChannel<'limpet:table:state'>
  readonly tableWarning: MessageChannel<'limpet:table:warning'>
} = Object.freeze({
  route: named('limpet:route'),
  move: named('limpet:move'),
  endpoints: named('limpet:endpoints'),
  health: named('limpet:health'),
  drain: named('limpet:drain'),
  drained: named('limpet:drained'),
  discoveryError: named('limpet:discovery:error'),
  tableError: named('limpet:table:error'),
  tableState: named('limpet:table:state'),
  tableWarning: named('limpet:table:warning'),
})
