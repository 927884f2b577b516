import type { IContainer, IPodSpec } from 'kubernetes-models/v1'
import { describe, expect, it } from 'vitest'
import {
  cannotBuild,
  containerOf,
  type Manifest,
  manifestsIn,
  manifestsOf,
  OVERLAYS,
  ofKind,
  podOf,
  workloads,
} from './manifests.ts'

/** Volumes that the restricted profile allows. */
const VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
]

/** What the restricted profile of the Pod Security Standards forbids in a pod. */
function violationsOf(pod: IPodSpec): string[] {
  const found = new Set<string>()
  const check = (isFulfilled: unknown, what: string) => {
    if (!isFulfilled) found.add(what)
  }
  for (const flag of ['hostNetwork', 'hostPID', 'hostIPC'] as const) check(!pod[flag], flag)
  for (const volume of pod.volumes ?? []) {
    check(
      Object.keys(volume).every((key) => key === 'name' || VOLUMES.includes(key)),
      'volume types',
    )
  }
  const inherited = pod.securityContext ?? {}
  for (const container of [...pod.containers, ...(pod.initContainers ?? [])]) {
    const own = container.securityContext ?? {}
    const { capabilities } = own
    check(!own.privileged, 'privileged')
    check(own.allowPrivilegeEscalation === false, 'allowPrivilegeEscalation')
    check((own.runAsNonRoot ?? inherited.runAsNonRoot) === true, 'runAsNonRoot')
    check((own.runAsUser ?? inherited.runAsUser) !== 0, 'runAsUser')
    check(
      ['RuntimeDefault', 'Localhost'].includes((own.seccompProfile ?? inherited.seccompProfile)?.type ?? ''),
      'seccompProfile',
    )
    check(capabilities?.drop?.includes('ALL'), 'capabilities.drop')
    check(
      (capabilities?.add ?? []).every((name) => name === 'NET_BIND_SERVICE'),
      'capabilities.add',
    )
    check(
      (container.ports ?? []).every(({ hostPort }) => !hostPort),
      'hostPort',
    )
  }
  return [...found]
}

const SETS: readonly [string, () => readonly Manifest[]][] = [
  ['examples/statefulset-dns', () => manifestsIn('../statefulset-dns/kubernetes.yaml')],
  ...(cannotBuild
    ? []
    : OVERLAYS.map(
        (overlay) => [overlay, () => manifestsOf(overlay)] as [string, () => readonly Manifest[]],
      )),
]

describe.each(SETS)('the pods of %s', (_name, manifests) => {
  const pods = workloads(manifests()).map((workload) => [workload.metadata.name, workload] as const)

  it.each(pods)('fulfil the restricted profile: %s', (_pod, workload) => {
    expect(violationsOf(podOf(workload).spec)).toEqual([])
  })

  it.each(pods)('write nothing into their image, and have an id that is not root: %s', (_pod, workload) => {
    expect(containerOf(workload).securityContext?.readOnlyRootFilesystem).toBe(true)
    expect(podOf(workload).spec.securityContext?.runAsUser).toBeGreaterThan(0)
  })

  it.each(pods)('say what they need, and have a bound of memory: %s', (_pod, workload) => {
    const { requests, limits } = containerOf(workload).resources ?? {}
    expect(Object.keys(requests ?? {}).sort()).toEqual(['cpu', 'memory'])
    expect(limits).toHaveProperty('memory')
  })

  it.each(pods)('are of an image whose tag is fixed: %s', (_pod, workload) => {
    expect(containerOf(workload).image).toMatch(/^[\w./-]+:\d[\w.-]*$/)
  })
})

describe('the check of the restricted profile', () => {
  const good = podOf(workloads(manifestsIn('base/gateway.yaml'))[0] as never).spec
  const broken = (spoil: (pod: IPodSpec, container: IContainer) => void) => {
    const pod = structuredClone(good)
    spoil(pod, pod.containers[0] as IContainer)
    return violationsOf(pod)
  }

  it.each<[string, (pod: IPodSpec, container: IContainer) => void]>([
    ['hostNetwork', (pod) => (pod.hostNetwork = true)],
    ['volume types', (pod) => (pod.volumes = [{ name: 'host', hostPath: { path: '/' } }])],
    ['runAsNonRoot', (pod) => delete pod.securityContext?.runAsNonRoot],
    [
      'runAsUser',
      (_, container) => (container.securityContext = { ...container.securityContext, runAsUser: 0 }),
    ],
    ['seccompProfile', (pod) => delete pod.securityContext?.seccompProfile],
    [
      'allowPrivilegeEscalation',
      (_, container) => delete container.securityContext?.allowPrivilegeEscalation,
    ],
    ['capabilities.drop', (_, container) => delete container.securityContext?.capabilities],
  ])('finds %s', (what, spoil) => {
    expect(broken(spoil)).toEqual([what])
  })
})

describe.skipIf(cannotBuild)('the namespace', () => {
  it('refuses pods that do not fulfil it', () => {
    for (const overlay of OVERLAYS) {
      const [namespace] = ofKind(manifestsOf(overlay), 'Namespace')
      expect(namespace?.metadata.labels).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'restricted' })
    }
  })
})
