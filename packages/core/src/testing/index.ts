export {
  type DiscoveryConformanceOptions,
  type DiscoveryUnderTest,
  discoveryConformance,
} from './discovery-conformance.ts'
export { type FakeClock, fakeClock } from './fake-clock.ts'
export { type FakeDiscovery, fakeDiscovery } from './fake-discovery.ts'
export { fakeRandom } from './fake-random.ts'
export { type FakeRequestInit, fakeRequest } from './fake-request.ts'
export type { Disturbance, DisturbanceScope } from './kubernetes/disturbance.ts'
export {
  type FakeKubernetes,
  type FakeKubernetesOptions,
  fakeKubernetes,
} from './kubernetes/fake-kubernetes.ts'
export type { KubernetesObjectInit } from './kubernetes/kubernetes-object.ts'
export type { WatchListSupport } from './kubernetes/list-query.ts'
export {
  type EndpointSliceInit,
  type EndpointSliceObject,
  endpointSlice,
  type SliceEndpointInit,
  type SliceEndpointObject,
  type SlicePortInit,
  type SlicePortObject,
} from './kubernetes/objects/endpoint-slice.ts'
export type { ObjectInit, ObjectMetadata, OwnerReference } from './kubernetes/objects/object-metadata.ts'
export { type PodInit, type PodObject, pod } from './kubernetes/objects/pod.ts'
export {
  type ServiceInit,
  type ServiceObject,
  type ServicePortInit,
  service,
} from './kubernetes/objects/service.ts'
export type { FakeKubernetesRequest } from './kubernetes/request-log.ts'
export type { RequestMatch } from './kubernetes/request-match.ts'
export type { FakeResource } from './kubernetes/resources.ts'
export type { WatchEnding } from './kubernetes/watches.ts'
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
