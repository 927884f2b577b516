import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, vi } from 'vitest'
import { Part } from '../../bench/process.ts'
import type { Attacker } from './attackers.ts'
import type { GatewaySetup } from './gateway-process.ts'
import type { GatewayState } from './gateway-state.ts'
import type { PodsState } from './pods-process.ts'

/** How long anything may take that an attack waits for: far more than it takes on a busy machine. */
export const PATIENCE_MS = 30_000

const POLL_MS = 10

/** Open for one ordinary client: its connection, one to each pod that was kept, and what is just being closed. */
export const SPARE_DESCRIPTORS = 10

/** Whether garbage is collected before memory is measured. */
export interface StateOptions {
  readonly collects: boolean
}

/** A gateway and its pods, each in a process of its own. */
export interface Scene {
  readonly port: number
  readonly protocol: GatewaySetup['protocol']
  state(options?: StateOptions): Promise<GatewayState>
  pods(): Promise<PodsState>
  /**
   * Resolves once the gateway itself has cut these connections, which are not read; then they are closed here too. `most`:
   * the most memory outside the heap that was seen meanwhile, without garbage if `collects`.
   */
  relieved(
    attackers: readonly Pick<Attacker, 'abort'>[],
    options?: StateOptions,
  ): Promise<{ readonly most: number }>
  /** Resolves with the state, garbage collected, once no lease and no more descriptors are open than at first. */
  calm(): Promise<GatewayState>
  stop(): Promise<void>
}

/** What of a {@link GatewaySetup} an attack sets. */
export type SceneOptions = Partial<Omit<GatewaySetup, 'pods'>> & {
  readonly pods?: number
  /** Open files that the gateway may have (`ulimit -n`). */
  readonly openFiles?: number
}

/** A scene for all tests of a file: to start its processes takes longer than most attacks. Answers how to get it. */
export function sharedScene(options: SceneOptions = {}): () => Scene {
  let scene: Scene
  beforeAll(async () => {
    scene = await startScene(options)
  }, PATIENCE_MS)
  afterAll(() => scene?.stop())
  return () => scene
}

/** Starts a scene. Connections to pods are kept for a moment only, so that the gateway has nothing open when it is calm. `pods`: how many, default 3. */
export async function startScene(options: SceneOptions = {}): Promise<Scene> {
  const { pods: count = 3, openFiles, ...setup } = options
  const pods = start('pods-process.ts')
  const gateway = start('gateway-process.ts', openFiles)
  const port = await gateway.ask<number>('listen', {
    pods: await pods.ask<number[]>('listen', count),
    limits: {},
    protocol: 'http1',
    ...setup,
    forward: { keepAliveMs: 100, ...setup.forward },
  } satisfies GatewaySetup)
  const state = ({ collects }: StateOptions = { collects: false }) =>
    gateway.ask<GatewayState>('state', { collects })
  const { descriptors: atFirst } = await state()
  return {
    port,
    protocol: setup.protocol ?? 'http1',
    state,
    pods: () => pods.ask<PodsState>('state'),
    async relieved(attackers, options) {
      let most = 0
      await vi.waitFor(
        async () => {
          const { inFlight, external, descriptors = 0 } = await state(options)
          most = Math.max(most, external)
          // An ordinary client goes on meanwhile, with one request at a time.
          expect(inFlight).toBeLessThanOrEqual(1)
          expect(descriptors).toBeLessThan((atFirst ?? 0) + SPARE_DESCRIPTORS)
        },
        { timeout: PATIENCE_MS, interval: POLL_MS },
      )
      for (const attacker of attackers) attacker.abort()
      return { most }
    },
    async calm() {
      await vi.waitFor(
        async () => {
          const now = await state()
          const open = { inFlight: now.inFlight, waiting: now.waiting, descriptors: now.descriptors }
          expect(open).toEqual({ inFlight: 0, waiting: 0, descriptors: atFirst })
        },
        { timeout: PATIENCE_MS, interval: POLL_MS },
      )
      return state({ collects: true })
    },
    async stop() {
      await Promise.all([gateway.stop(), pods.stop()])
    },
  }
}

function start(file: string, openFiles?: number): Part {
  const script = fileURLToPath(new URL(file, import.meta.url))
  const command = [process.execPath, '--expose-gc', '--conditions=@limpet/source', script]
  // node raises its soft limit to the hard one, so the hard one is set.
  const limit = openFiles === undefined ? '' : `ulimit -n ${openFiles} && `
  const stdio: ['ignore', 'inherit', 'inherit', 'ipc'] = ['ignore', 'inherit', 'inherit', 'ipc']
  return new Part(file, spawn('/bin/sh', ['-c', `${limit}exec "$@"`, 'sh', ...command], { stdio }))
}
