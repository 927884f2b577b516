import type { IStatefulSet } from 'kubernetes-models/apps/v1'
import type { IHorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2'
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1'
import type { IRole, IRoleBinding } from 'kubernetes-models/rbac.authorization.k8s.io/v1'
import type { IContainer, IProbe, IService } from 'kubernetes-models/v1'
import { describe, expect, it } from 'vitest'
import {
  cannotBuild,
  containerOf,
  environmentOf,
  type Manifest,
  manifestsOf,
  OVERLAYS,
  ofKind,
  one,
  podOf,
  type Workload,
  workloads,
} from './manifests.ts'
import { labelsOf, selects } from './network.ts'

const portOf = (container: IContainer, name: unknown) =>
  container.ports?.find((port) => port.name === name)?.containerPort

/** The one workload whose pods a Service selects. */
function behind(manifests: readonly Manifest[], { spec }: IService): Workload {
  const found = workloads(manifests).filter((workload) =>
    selects({ matchLabels: spec?.selector ?? {} }, labelsOf(workload)),
  )
  expect(found).toHaveLength(1)
  return found[0] as Workload
}

describe.skipIf(cannotBuild).each(cannotBuild ? [] : OVERLAYS)(
  'the manifests of the overlay %s',
  (overlay) => {
    const all = manifestsOf(overlay)
    const gateway = one<Workload>(all, 'Deployment', 'gateway')
    const web = one<Workload & IStatefulSet>(all, 'StatefulSet', 'web')
    const gatewayEnv = environmentOf(containerOf(gateway), { 'metadata.namespace': 'limpet' })
    const webEnv = environmentOf(containerOf(web), { 'metadata.name': 'web-0' })

    it('are all of one namespace, and no two have a name in common', () => {
      for (const { kind, metadata } of all) {
        if (kind === 'Namespace') expect(metadata.name).toBe('limpet')
        else expect(metadata.namespace, `${kind} ${metadata.name}`).toBe('limpet')
      }
      expect(new Set(all.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).size).toBe(all.length)
    })

    it('select the pods they mean', () => {
      for (const workload of workloads(all)) {
        expect(selects(workload.spec?.selector, labelsOf(workload)), workload.metadata.name).toBe(true)
        for (const { labelSelector } of podOf(workload).spec.topologySpreadConstraints ?? []) {
          expect(labelSelector).toEqual(workload.spec?.selector)
        }
      }
      for (const service of ofKind<IService>(all, 'Service')) behind(all, service)
      for (const { metadata, spec } of ofKind<IPodDisruptionBudget>(all, 'PodDisruptionBudget')) {
        const found = workloads(all).filter((workload) => selects(spec?.selector, labelsOf(workload)))
        expect(found.map((workload) => workload.metadata.name)).toEqual([metadata.name])
      }
    })

    it('name ports that there are', () => {
      for (const service of ofKind<IService>(all, 'Service')) {
        const container = containerOf(behind(all, service))
        for (const { name, port, targetPort } of service.spec?.ports ?? []) {
          const number = portOf(container, targetPort)
          expect(number, `${service.metadata.name}: ${name}`).toBeDefined()
          // Nothing translates the ports of a headless Service.
          if (service.spec?.clusterIP === 'None') expect(port).toBe(number)
        }
      }
      for (const workload of workloads(all)) {
        const container = containerOf(workload)
        const probes = [container.startupProbe, container.readinessProbe, container.livenessProbe] as (
          | IProbe
          | undefined
        )[]
        expect(container.readinessProbe && container.livenessProbe, workload.metadata.name).toBeTruthy()
        for (const probe of probes) {
          if (probe) expect(portOf(container, (probe.httpGet ?? probe.tcpSocket)?.port)).toBeDefined()
        }
      }
    })

    it('tell the programs the ports that are named', () => {
      expect(portOf(containerOf(gateway), 'http')).toBe(Number(gatewayEnv.PORT))
      expect(portOf(containerOf(gateway), 'admin')).toBe(Number(gatewayEnv.ADMIN_PORT))
      expect(portOf(containerOf(web), 'http')).toBe(Number(webEnv.PORT))
    })

    it('tell the programs of Services that there are', () => {
      const service = one<IService>(all, 'Service', gatewayEnv.SERVICE as string)
      expect(behind(all, service)).toBe(web)
      expect(service.spec?.ports?.map(({ name }) => name)).toContain(gatewayEnv.SERVICE_PORT)
      const [host, port] = webEnv.GATEWAY_ADMIN?.split(':') ?? []
      const admin = one<IService>(all, 'Service', host as string)
      expect(behind(all, admin)).toBe(gateway)
      expect(admin.spec?.ports).toMatchObject([{ port: Number(port), targetPort: 'admin' }])
      for (const { spec } of ofKind<IStatefulSet>(all, 'StatefulSet')) {
        expect(one<IService>(all, 'Service', spec?.serviceName as string).spec?.clusterIP).toBe('None')
      }
    })

    it('give what ends more time than it takes', () => {
      const seconds = (env: Record<string, string>, name: string) => Number(env[name])
      const ownEnd = seconds(gatewayEnv, 'READINESS_DELAY_SECONDS') + seconds(gatewayEnv, 'GRACE_SECONDS')
      expect(podOf(gateway).spec.terminationGracePeriodSeconds).toBeGreaterThan(ownEnd)
      const hook = seconds(webEnv, 'WAIT_SECONDS')
      expect(hook).toBeGreaterThan(seconds(gatewayEnv, 'DRAIN_SECONDS'))
      expect(podOf(web).spec.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(hook + 10)
      // Load balancers have half of the delay, until clients are told, to see that it is not ready.
      const probe = containerOf(gateway).readinessProbe as IProbe
      const noticed = (probe.periodSeconds ?? 10) * (probe.failureThreshold ?? 3)
      expect(noticed).toBeLessThanOrEqual(seconds(gatewayEnv, 'READINESS_DELAY_SECONDS') / 2)
    })

    it('give the rights to the gateway, and a token to nobody else', () => {
      const role = one<IRole>(all, 'Role', 'gateway')
      const { roleRef, subjects } = one<IRoleBinding>(all, 'RoleBinding', 'gateway')
      expect(roleRef).toMatchObject({ kind: 'Role', name: role.metadata.name })
      const account = podOf(gateway).spec.serviceAccountName as string
      expect(subjects).toEqual([{ kind: 'ServiceAccount', name: account, namespace: 'limpet' }])
      expect(one(all, 'ServiceAccount', account)).toMatchObject({ automountServiceAccountToken: false })
      for (const workload of workloads(all)) {
        expect(podOf(workload).spec.automountServiceAccountToken).toBe(workload === gateway)
      }
      expect(ofKind(all, 'ClusterRole')).toEqual([])
    })

    it('ask as many replicas of the gateway as have a table', () => {
      const service = one<IService>(all, 'Service', 'gateway')
      if (overlay === 'memory') {
        expect(webEnv.ASK).toBe('every')
        expect(gatewayEnv.VALKEY_URL).toBeUndefined()
        expect(service.spec?.sessionAffinity).toBe('ClientIP')
        return
      }
      expect(webEnv.ASK).toBe('any')
      const { hostname, port } = new URL(gatewayEnv.VALKEY_URL as string)
      const valkey = one<IService>(all, 'Service', hostname)
      expect(valkey.spec?.ports?.map((each) => String(each.port))).toEqual([port])
      expect(service.spec?.sessionAffinity).toBeUndefined()
    })

    it('have two replicas of the gateway at least, and one hand on their number', () => {
      const autoscalers = ofKind<IHorizontalPodAutoscaler>(all, 'HorizontalPodAutoscaler')
      if (overlay === 'memory') {
        expect(autoscalers).toEqual([])
        expect(gateway.spec?.replicas).toBe(2)
        return
      }
      expect(autoscalers).toHaveLength(1)
      const { scaleTargetRef, minReplicas } = autoscalers[0]?.spec ?? {}
      const target = one<Workload>(all, scaleTargetRef?.kind as string, scaleTargetRef?.name as string)
      expect(minReplicas).toBe(2)
      expect(target.spec).not.toHaveProperty('replicas')
      // Utilization is a share of what is requested.
      expect(containerOf(target).resources?.requests).toHaveProperty('cpu')
    })
  },
)
