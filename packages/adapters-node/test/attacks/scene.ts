import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, vi } from 'vitest'
import { Part } from '../../bench/process.ts'
import type { Attacker } from './attackers.ts'
import type { GatewaySetup } from './gateway-process.ts'
import type { PodsState } from './pods-process.ts'
import type { GatewayState } from './state.ts'

/** How long anything may take that an attack waits for: far more than it takes on a busy machine. */
export const PATIENCE_MS = 20_000

const POLL_MS = 10

/** Open for one ordinary client: its connection, one to each pod that was kept, and what is just being closed. */
const SPARE_DESCRIPTORS = 10

/** A gateway and its pods, each in a process of its own. */
export interface Scene {
  readonly port: number
  state(options?: { readonly collects: boolean }): Promise<GatewayState>
  pods(): Promise<PodsState>
  /** Resolves once the gateway itself has cut these connections, which are not read; then they are closed here too. */
  relieved(attackers: readonly Attacker[]): Promise<void>
  /** Resolves with the state, garbage collected, once no more descriptors are open than `descriptors` and no lease is. */
  calm(descriptors: number | undefined): Promise<GatewayState>
  stop(): Promise<void>
}

/** What of a {@link GatewaySetup} an attack sets. */
export type SceneOptions = Partial<Omit<GatewaySetup, 'pods'>> & {
  readonly pods?: number
  /** Open files that the gateway may have (`ulimit -n`). */
  readonly openFiles?: number
}

/** Starts a scene. `pods`: how many, default 3. */
export async function startScene(options: SceneOptions = {}): Promise<Scene> {
  const { pods: count = 3, openFiles, ...setup } = options
  const pods = start('pods-process.ts')
  const gateway = start('gateway-process.ts', openFiles)
  const port = await gateway.ask<number>('listen', {
    pods: await pods.ask<number[]>('listen', count),
    forward: {},
    server: {},
    pool: {},
    maxEntries: 10_000,
    ...setup,
  } satisfies GatewaySetup)
  const state = ({ collects } = { collects: false }) => gateway.ask<GatewayState>('state', { collects })
  const { descriptors: atFirst = 0 } = await state()
  return {
    port,
    state,
    pods: () => pods.ask<PodsState>('state'),
    async relieved(attackers) {
      await vi.waitFor(
        async () => {
          const { inFlight, descriptors = 0 } = await state()
          // An ordinary client goes on meanwhile, with one request at a time.
          expect(inFlight).toBeLessThanOrEqual(1)
          expect(descriptors).toBeLessThan(atFirst + SPARE_DESCRIPTORS)
        },
        { timeout: PATIENCE_MS, interval: POLL_MS },
      )
      for (const attacker of attackers) attacker.abort()
    },
    async calm(descriptors) {
      await vi.waitFor(
        async () => {
          const now = await state()
          const open = { inFlight: now.inFlight, waiting: now.waiting, descriptors: now.descriptors }
          expect(open).toEqual({ inFlight: 0, waiting: 0, descriptors: descriptors ?? now.descriptors })
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
