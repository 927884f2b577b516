export * from '../discovery/kubernetes/index.ts'
export { type KubernetesServiceOptions, kubernetesService } from './kubernetes-service.ts'
export type { ServicePool } from './service-pool.ts'
