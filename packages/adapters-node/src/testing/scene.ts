import assert from 'node:assert/strict'
import {
  createSticky,
  type EndpointInit,
  header,
  type StaticDiscovery,
  type Sticky,
  type StickyOptions,
  staticDiscovery,
} from '@limpet/core'
import { type Client, clientOf } from './client.ts'
import { type EchoPod, type PodBehaviour, startEchoPod } from './echo-pod.ts'
import type { ScenarioGatewayOptions, StartGateway } from './gateway.ts'
import { refusingPort } from './held-port.ts'
import { type RawPod, type Script, startRawPod } from './raw-pod.ts'
import { requestUpgrade, type UpgradeInit, type UpgradeResult } from './upgrade-client.ts'
import { type WatchedRouting, watchRouting } from './watched-routing.ts'

/** The header that carries the key in every scenario. */
export const KEY = 'x-session'

/** Long enough for the largest scenario on a busy machine, and sooner than a person gives up waiting. */
const DEADLINE_MS = 20_000

/** What stands in front of the pods. */
export interface ServeOptions extends Omit<Partial<StickyOptions>, 'endpoints'> {
  /** Pods, or anything else that has an endpoint. */
  readonly pods: readonly { readonly endpoint: EndpointInit }[]
  readonly gateway?: ScenarioGatewayOptions
}

/** A running gateway, its pool, and a client in front of it. */
export interface Served {
  readonly client: Client
  readonly pool: Sticky
  readonly discovery: StaticDiscovery
  readonly routing: WatchedRouting
  upgrade(init?: UpgradeInit): Promise<UpgradeResult>
}

/** Everything one scenario starts. */
export interface Scene {
  pod(name: string, behaviour?: PodBehaviour): Promise<EchoPod>
  rawPod(name: string, script: Script): Promise<RawPod>
  /** An endpoint at which every connection is refused. */
  deadPod(name: string): Promise<{ readonly endpoint: EndpointInit }>
  serve(options: ServeOptions): Promise<Served>
}

/**
 * One scenario as the body of an `it`: runs it, checks that the adapter has ended every lease and the pool counts
 * nothing any more, and closes whatever was started.
 */
export function scenario(
  startGateway: StartGateway,
  run: (scene: Scene) => Promise<void>,
): () => Promise<void> {
  return async () => {
    const closers: (() => unknown)[] = []
    const served: Served[] = []
    const scene = sceneOf(startGateway, closers, served)
    try {
      await withinDeadline(async () => {
        await run(scene)
        for (const { client, routing, pool } of served) {
          client.close()
          await routing.idle()
          assert.equal(pool.inFlight, 0, 'the pool counts requests that have ended')
        }
      })
    } finally {
      for (const close of closers.reverse()) await close()
    }
  }
}

function sceneOf(startGateway: StartGateway, closers: (() => unknown)[], served: Served[]): Scene {
  return {
    async pod(name, behaviour) {
      const pod = await startEchoPod(name, behaviour)
      closers.push(() => pod.close())
      return pod
    },
    async rawPod(name, script) {
      const pod = await startRawPod(name, script)
      closers.push(() => pod.close())
      return pod
    },
    async deadPod(name) {
      const { port, release } = await refusingPort()
      closers.push(release)
      return { endpoint: { name, host: '127.0.0.1', port } }
    },
    async serve({ pods, gateway: gatewayOptions, ...options }) {
      const discovery = staticDiscovery(pods.map((pod) => pod.endpoint))
      const pool = createSticky({ key: header(KEY), ...options, endpoints: discovery })
      closers.push(() => pool.close())
      const routing = watchRouting(pool)
      const gateway = await startGateway(routing, gatewayOptions)
      closers.push(() => gateway.close())
      const { port, mountPath = '' } = gateway
      const client = clientOf(port, mountPath)
      closers.push(() => client.close())
      const one: Served = {
        client,
        pool,
        discovery,
        routing,
        upgrade: (init = {}) => requestUpgrade(port, mountPath + (init.path ?? '/'), init),
      }
      served.push(one)
      return one
    },
  }
}

async function withinDeadline(run: () => Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`the scenario did not end within ${DEADLINE_MS} ms`)),
      DEADLINE_MS,
    )
  })
  try {
    await Promise.race([run(), deadline])
  } finally {
    clearTimeout(timer)
  }
}
