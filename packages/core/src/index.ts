export type { Balancer, PickContext } from './balance/balancer.ts'
export { leastRequests } from './balance/least-requests.ts'
export { random } from './balance/random.ts'
export { rendezvous } from './balance/rendezvous.ts'
export { roundRobin } from './balance/round-robin.ts'
export type { ChannelMessages } from './channels.ts'
export { type Clock, systemClock } from './clock.ts'
export type { Discovery } from './discovery/discovery.ts'
export { type StaticDiscovery, staticDiscovery } from './discovery/static.ts'
export { type Availability, availabilityOf } from './endpoint/availability.ts'
export type { Conditions, Endpoint, EndpointInit, Identity } from './endpoint/endpoint.ts'
export { type EndpointSet, endpointSet, isSameSet } from './endpoint/endpoint-set.ts'
export { StickyError, type StickyErrorCode } from './error.ts'
export { type AddressKeyOptions, address } from './key/address.ts'
export { all, firstOf, map } from './key/combined.ts'
export { cookie, type RepeatableKeyOptions } from './key/cookie.ts'
export { type HeaderKeyOptions, header } from './key/header.ts'
export type { KeyLimits, RepeatedValue } from './key/key-options.ts'
export type { KeyProblem, KeyReading, KeySource } from './key/key-source.ts'
export { path } from './key/path.ts'
export { query } from './key/query.ts'
export type { HeadersLike, RequestLike } from './key/request-like.ts'
export type { MaybePromise } from './maybe-promise.ts'
export type {
  BoundRoute,
  DetourRoute,
  FallbackRoute,
  KeylessRoute,
  Lease,
  MovedRoute,
  Outcome,
  OverflowRoute,
  RefusalReason,
  RefusedRoute,
  Route,
  ServedRoute,
  StuckRoute,
} from './route/route.ts'
export type { RouteOptions, Routing } from './route/routing.ts'
export { createSticky, type Sticky } from './sticky.ts'
export type { LossPolicy, StickyOptions, TableErrorPolicy } from './sticky-options.ts'
export type { TableOperation } from './table/guarded-table.ts'
export { type MemoryTable, type MemoryTableOptions, memoryTable } from './table/memory.ts'
export type { Binding, Claim, Move, StickyTable, Version } from './table/sticky-table.ts'
