import type { IRole } from 'kubernetes-models/rbac.authorization.k8s.io/v1'
import { describe, expect, it, vi } from 'vitest'
import { Cluster, podOf, type RunningGateway } from './cluster.ts'
import { commandOf, type Stage, stages, written } from './dockerfile.ts'
import { containerOf, manifestsIn, one, type Workload } from './manifests.ts'
import { Program } from './program.ts'

vi.setConfig({ testTimeout: 60_000 })

/** As many as that each pod gets some. */
const KEYS = Array.from({ length: 60 }, (_, index) => `key-${index}`)
async function podOfEachKey(gateway: RunningGateway): Promise<Map<string, string>> {
  return new Map(await Promise.all(KEYS.map(async (key) => [key, await podOf(gateway, key)] as const)))
}

describe('the gateway program', () => {
  it('sends each key to one pod, also while that drains, and back to it after a restart', async () => {
    await using cluster = await Cluster.start()
    for (const name of ['web-0', 'web-1', 'web-2']) await cluster.startPod(name)
    const gateway = await cluster.startGateway()
    const before = await podOfEachKey(gateway)
    expect(new Set(before.values())).toEqual(new Set(['web-0', 'web-1', 'web-2']))
    expect(await podOfEachKey(gateway)).toEqual(before)

    cluster.terminate('web-1')
    const fresh = async () => {
      const keys = Array.from({ length: 30 }, (_, index) => `${performance.now()}-${index}`)
      return Promise.all(keys.map((key) => podOf(gateway, key)))
    }
    await expect.poll(fresh, { timeout: 20_000 }).not.toContain('web-1')
    expect(await podOfEachKey(gateway)).toEqual(before)

    await cluster.endPod('web-1')
    const meanwhile = await podOfEachKey(gateway)
    expect([...meanwhile.values()]).not.toContain('web-1')
    for (const [key, pod] of before) if (pod !== 'web-1') expect(meanwhile.get(key)).toBe(pod)

    await cluster.startPod('web-1')
    await expect.poll(() => podOfEachKey(gateway), { timeout: 20_000 }).toEqual(before)
  })

  it.each(['served', 'refused'] as const)(
    'asks for exactly what its Role allows, watch-list %s',
    async (watchList) => {
      await using cluster = await Cluster.start(watchList)
      await cluster.startPod('web-0')
      const gateway = await cluster.startGateway()
      expect(await podOf(gateway, 'alice')).toBe('web-0')
      await cluster.api.watched(1, { resource: 'endpointslices' })

      const { metadata, rules } = one<IRole>(manifestsIn('base/gateway-rights.yaml'), 'Role', 'gateway')
      for (const { namespace } of cluster.api.requests) expect(namespace).toBe(metadata.namespace)
      const asked = cluster.api.requests.map(({ path, resource, verb }) => {
        const [, , group] = path.startsWith('/apis/') ? path.split('/') : ['', '', '']
        return `${verb} ${resource}.${group}`
      })
      const allowed = rules?.flatMap(({ apiGroups = [], resources = [], verbs }) =>
        verbs.flatMap((verb) =>
          resources.flatMap((name) => apiGroups.map((group) => `${verb} ${name}.${group}`)),
        ),
      )
      for (const each of asked) expect(allowed).toContain(each)
      if (watchList === 'refused') expect(new Set(asked)).toEqual(new Set(allowed))
    },
  )

  it('answers the probes of its Deployment, and the HEALTHCHECK of its image', async () => {
    await using cluster = await Cluster.start()
    await cluster.startPod('web-0')
    const { adminUrl, program } = await cluster.startGateway({ READINESS_DELAY_SECONDS: '0' })
    const container = containerOf(one<Workload>(manifestsIn('base/gateway.yaml'), 'Deployment', 'gateway'))
    for (const probe of [container.startupProbe, container.readinessProbe, container.livenessProbe]) {
      expect(probe?.httpGet?.port).toBe('admin')
      await expect
        .poll(async () => (await fetch(`${adminUrl}${probe?.httpGet?.path}`)).status, { timeout: 20_000 })
        .toBe(200)
    }

    const [check] = written(stages[1] as Stage, 'HEALTHCHECK')
    const health = () => new Program(commandOf(check as string), { ADMIN_PORT: new URL(adminUrl).port }).exit
    expect(await health()).toEqual([0, null])
    program.process.kill('SIGTERM')
    expect(await program.exit, program.output).toEqual([0, null])
    expect(await health()).toEqual([1, null])
  })

  it('answers the hook of a pod: when no key is left, or when the drain has met its deadline', async () => {
    await using cluster = await Cluster.start()
    for (const name of ['web-0', 'web-1']) await cluster.startPod(name)
    const gateway = await cluster.startGateway({ DRAIN_SECONDS: '1' })
    const pod = await podOf(gateway, 'alice')
    const other = pod === 'web-0' ? 'web-1' : 'web-0'
    const drain = async (name: string) => (await fetch(`${gateway.adminUrl}/-/drain?identity=${name}`)).json()
    expect(await drain(other)).toMatchObject({ code: 'drained' })
    expect(await drain(pod)).toMatchObject({ code: 'deadline', cut: 1 })
  })
})

describe('the gateway program that cannot start', () => {
  it.each([
    ['PORT', 'http', 'PORT: expected a whole number from 0 to 65535, got "http"'],
    ['ON_LOST', 'stay', 'ON_LOST: expected rebind or detour, got "stay"'],
    ['VALKEY_URL', 'secret@valkey', 'VALKEY_URL: expected a URL such as redis://valkey:6379'],
  ])('names the variable: %s', async (name, value, message) => {
    const program = new Program(['node', '--conditions=@limpet/source', 'gateway.ts'], { [name]: value })
    expect(await program.exit).toEqual([1, null])
    expect(program.output.trim()).toBe(message)
  })
})
