import { expect } from 'vitest'
import { ask, Bystander } from './bystander.ts'
import { type Scene, type SceneOptions, startScene } from './scene.ts'
import type { GatewayState } from './state.ts'

/** One round of an attack; resolves when the attacker has nothing open any more. */
export type Attack = (scene: Scene) => Promise<void>

/** How an attack is judged. */
export interface Judgement extends SceneOptions {
  /** Default 3. A leak is what grows with each round. */
  readonly rounds?: number
  /** Bytes that the heap may have grown between the first round and the last. Default 1 MiB: compiled code grows a while. */
  readonly heapMargin?: number
  /** The longest wait of the ordinary client. Default 5 000: it shares few processors with attackers and pods. */
  readonly longestMs?: number
}

/**
 * Runs an attack in rounds beside an ordinary client, and asserts that the client is served throughout, that after each
 * round descriptors, handles and leases are where they were before, that the heap does not grow from round to round, and
 * that nothing was thrown, rejected or warned of. Answers the states after each round, the one before first.
 */
export async function withstand(attack: Attack, judgement: Judgement = {}): Promise<GatewayState[]> {
  const { rounds = 3, heapMargin = 1_024 * 1_024, longestMs = 5_000, ...options } = judgement
  const scene = await startScene({ ...options, forward: { keepAliveMs: 100, ...options.forward } })
  try {
    await ask(scene.port, 'warm-up')
    // Kept connections end, so that only what listens is open.
    const before = await quiet(scene)
    const states = [before]
    for (let round = 0; round < rounds; round++) {
      const bystander = new Bystander(scene.port)
      try {
        await attack(scene)
      } finally {
        const { failures, longestMs: waited, answered } = await bystander.stop()
        expect(failures).toEqual([])
        expect(answered).toBeGreaterThan(0)
        expect(waited).toBeLessThan(longestMs)
      }
      states.push(await scene.calm(before.descriptors))
    }
    const [, first, last] = [before, states[1], states.at(-1)]
    expect((last?.heapUsed ?? 0) - (first?.heapUsed ?? 0)).toBeLessThan(heapMargin)
    expect(last?.complaints).toEqual([])
    expect(last?.handles).toEqual(before.handles)
    return states
  } finally {
    await scene.stop()
  }
}

/** The state once no connection to a pod is kept any more. */
async function quiet(scene: Scene): Promise<GatewayState> {
  for (;;) {
    const { sockets } = await scene.pods()
    if (sockets === 0) return scene.calm(undefined)
  }
}
