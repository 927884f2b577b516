import { expect } from 'vitest'
import { ask, Bystander } from './bystander.ts'
import type { GatewayState } from './gateway-state.ts'
import type { Scene } from './scene.ts'

/** One round of an attack; resolves when the attacker has nothing open any more. */
export type Attack = (scene: Scene) => Promise<void>

/** Several attacks at the same time: those that wait for a limit wait for it together. */
export function together(...attacks: readonly Attack[]): Attack {
  return async (scene) => {
    await Promise.all(attacks.map((attack) => attack(scene)))
  }
}

/** How an attack is judged. */
export interface Judgement {
  /** Default 3. A leak is what grows with each round. */
  readonly rounds?: number
  /** Bytes that the heap may have grown between the first round and the last. Default 1 MiB: compiled code grows a while. */
  readonly heapMargin?: number
}

/** The longest wait of the ordinary client: it shares few processors with attackers, pods and other tests. */
const LONGEST_MS = 10_000

/**
 * Runs an attack in rounds beside an ordinary client, and asserts that the client is served throughout, that after each
 * round descriptors, handles and leases are where they were before, that the heap does not grow from round to round, and
 * that nothing was thrown, rejected or warned of.
 */
export async function withstand(scene: Scene, attack: Attack, judgement: Judgement = {}): Promise<void> {
  const { rounds = 3, heapMargin = 1_024 * 1_024 } = judgement
  await ask(scene, 'warm-up')
  const before = await scene.calm()
  const states = [before]
  for (let round = 0; round < rounds; round++) {
    const bystander = new Bystander(scene)
    await attack(scene).finally(() => bystander.stop())
    const { failures, longestMs, answered } = await bystander.stop()
    expect(failures).toEqual([])
    expect(answered).toBeGreaterThan(0)
    expect(longestMs).toBeLessThan(LONGEST_MS)
    states.push(await scene.calm())
  }
  const [first, last] = [states[1], states.at(-1)] as [GatewayState, GatewayState]
  expect(last.heapUsed - first.heapUsed).toBeLessThan(heapMargin)
  expect(last.complaints).toEqual([])
  expect(last.handles).toEqual(before.handles)
}
