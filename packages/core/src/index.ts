export type { Balancer, PickContext } from './balance/balancer.ts'
export { type FirstOptions, first } from './balance/first.ts'
export { leastBound } from './balance/least-bound.ts'
export { leastRequests } from './balance/least-requests.ts'
export { maglev } from './balance/maglev.ts'
export { type PreferZoneOptions, preferZone } from './balance/prefer-zone.ts'
export { random } from './balance/random.ts'
export type { RebalanceOptions, RebalanceOutcome, RebalanceProgress } from './balance/rebalance-options.ts'
export { type HashPlacementOptions, rendezvous } from './balance/rendezvous.ts'
export { type RingOptions, ring } from './balance/ring.ts'
export { roundRobin } from './balance/round-robin.ts'
export type { ChannelMessages } from './channels.ts'
export { type Clock, systemClock } from './clock.ts'
export type { Discovery } from './discovery/discovery.ts'
export { type StaticDiscovery, staticDiscovery } from './discovery/static.ts'
export {
  type Availability,
  availabilityOf,
  type DownCause,
  type Drain,
  type Health,
  type LossCause,
} from './endpoint/availability.ts'
export type { DrainOptions, DrainOutcome } from './endpoint/drains.ts'
export type { Conditions, Endpoint, EndpointInit, Identity } from './endpoint/endpoint.ts'
export { type EndpointSet, endpointSet, isSameSet } from './endpoint/endpoint-set.ts'
export type { SlowStartOptions } from './endpoint/slow-start.ts'
export { StickyError, type StickyErrorCode } from './error.ts'
export type {
  ConsistentHash,
  Difference,
  Explanation,
  Movement,
  PickOptions,
} from './hash/consistent-hash.ts'
export type { EndpointHash, EndpointLimits, EndpointLoad, EndpointMapping } from './hash/endpoint-hash.ts'
export { type ConsistentHashOptions, consistentHash } from './hash/make-consistent-hash.ts'
export type { Member } from './hash/member.ts'
export type { CheckSchedule, HealthCheck } from './health/health-check.ts'
export type { HealthReason } from './health/health-reason.ts'
export type { LatencyOutlierOptions, PassiveHealthOptions } from './health/passive-health-options.ts'
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
export type { PoolOperations } from './pool-operations.ts'
export type { CountsAsUse, UseUnit } from './route/connection-bindings.ts'
export type { LossAction, LossPolicy } from './route/loss-policy.ts'
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
export type { MoveCause, RouteCountsSnapshot } from './route/route-counts.ts'
export type { RouteOptions, Routing } from './route/routing.ts'
export type { EndpointStats, PoolStats } from './stats.ts'
export { createSticky, type Sticky } from './sticky.ts'
export type { CapacityPolicy, LossConfirmation, StickyOptions, TableErrorPolicy } from './sticky-options.ts'
export type {
  AdjustableTimeout,
  BindingList,
  BulkMove,
  BulkRelease,
  ComputedBindings,
  ConfirmedCounts,
  EndpointCounts,
  LastKnown,
  ListedBinding,
  MovedSlice,
  SliceOptions,
  SliceProgress,
  StatedTimeouts,
  TableSnapshots,
} from './table/capabilities.ts'
export {
  type ComputedTableOptions,
  type ConsistentHashTableOptions,
  consistentHashTable,
} from './table/consistent-hash-table.ts'
export type { TableOperation } from './table/guarded-table.ts'
export { type MemoryTable, type MemoryTableOptions, memoryTable } from './table/memory.ts'
export type { InvalidationListener, Invalidations } from './table/near/invalidations.ts'
export { type Handed, type HandedOn, type NearCache, nearCache } from './table/near/near-cache.ts'
export type { NearCacheOptions } from './table/near/near-options.ts'
export type { NearCacheStats } from './table/near/near-stats.ts'
export type { Binding, Claim, Move, StickyTable, TableLimit, Version } from './table/sticky-table.ts'
