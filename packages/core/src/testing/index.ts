export {
  type DiscoveryConformanceOptions,
  type DiscoveryUnderTest,
  discoveryConformance,
} from './discovery-conformance.ts'
export { type FakeClock, fakeClock } from './fake-clock.ts'
export { type FakeDiscovery, fakeDiscovery } from './fake-discovery.ts'
export { fakeRandom } from './fake-random.ts'
export { type FakeRequestInit, fakeRequest } from './fake-request.ts'
export {
  type StickyTableConformanceOptions,
  stickyTableConformance,
} from './sticky-table-conformance.ts'
export {
  type TableCapabilitiesConformanceOptions,
  type TableCapability,
  tableCapabilitiesConformance,
} from './table-capabilities-conformance.ts'
export type { TableDeviations, TableTimeouts, TableUnderTest } from './table-under-test.ts'
export type { TestRegistry } from './test-registry.ts'
