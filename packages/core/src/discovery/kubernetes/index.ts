export {
  type ApiOptions,
  type ClusterApiOptions,
  clusterApi,
  type InClusterApiOptions,
  inClusterApi,
} from './api/cluster-api.ts'
export { type KubeConfigLike, kubeConfigApi } from './api/kube-config-api.ts'
export type {
  Collection,
  KubernetesApi,
  KubernetesMetadata,
  KubernetesObject,
  KubernetesStatus,
  ListPage,
  ListQuery,
  WatchEvent,
  WatchQuery,
} from './api/kubernetes-api.ts'
export type { Freshness } from './api/reflector.ts'
export { type KubernetesDiscovery, type KubernetesOptions, kubernetes } from './kubernetes.ts'
export type { EndpointSlice, KubernetesPod, SliceEndpoint, SlicePort } from './slices/endpoint-slice.ts'
export type { HintsOption, SliceOptions } from './slices/slice-options.ts'
export { podName, podOrdinal } from './stateful-set-pod.ts'
