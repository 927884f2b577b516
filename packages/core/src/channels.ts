import { type Channel, channel } from 'node:diagnostics_channel'
import type { EndpointSet } from './endpoint/endpoint-set.ts'
import type { Route } from './route/route.ts'
import type { TableOperation } from './table/guarded-table.ts'

/**
 * What Limpet publishes on `node:diagnostics_channel`, by channel name. Subscribers run synchronously on the request
 * path; without any, nothing is built or called. No message holds a key.
 *
 * @public
 */
export interface ChannelMessages {
  /** A route was given, a refusal included; `route.explain()` says why in one line. */
  'limpet:route': { readonly pool: string; readonly route: Route }
  /** Discovery has another snapshot. */
  'limpet:endpoints': { readonly pool: string; readonly set: EndpointSet }
  /** Discovery gave up for good; the last snapshot stays. */
  'limpet:discovery:error': { readonly pool: string; readonly error: unknown }
  /** The sticky table failed or was too slow; what the request then got is on `limpet:route`. */
  'limpet:table:error': {
    readonly pool: string
    readonly operation: TableOperation
    readonly error: unknown
  }
}

type MessageChannel<Name extends keyof ChannelMessages> = Channel<unknown, ChannelMessages[Name]>

function named<Name extends keyof ChannelMessages>(name: Name): MessageChannel<Name> {
  return channel(name) as MessageChannel<Name>
}

export const routeChannel: MessageChannel<'limpet:route'> = named('limpet:route')
export const endpointsChannel: MessageChannel<'limpet:endpoints'> = named('limpet:endpoints')
export const discoveryErrorChannel: MessageChannel<'limpet:discovery:error'> = named('limpet:discovery:error')
export const tableErrorChannel: MessageChannel<'limpet:table:error'> = named('limpet:table:error')
